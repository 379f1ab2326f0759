import { mkdir, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createActionsCache } from '../../src/cache/actions/index.ts';
import { type CacheReport, openCacheSession } from '../../src/cache/index.ts';
import { CATALOGUE_FOLDER, packFolder } from '../../src/cache/keys.ts';
import { type BlobSize, digestOf, hexOf } from '../../src/oci/digest.ts';
import { openStore, type Store } from '../../src/store/index.ts';
import {
  type CacheEntry,
  type CacheServer,
  entriesOf,
  startCacheServer,
} from '../support/cache-server/index.ts';
import { tempFolder, type TempFolder } from '../support/temp.ts';
import { isThere } from '../support/whole-bundle.ts';
import {
  LYING_CATALOGUES,
  PACK_POISONS,
  rawTar,
  REFUSED_CATALOGUES,
  type SoundCatalogue,
  type SoundFile,
} from './poisons.ts';

// Strangers may write into the cache: whoever runs a job of a branch writes entries that later jobs read.

const fileOf = (text: string): SoundFile => {
  const bytes = Buffer.from(text);
  return { digest: digestOf(bytes), bytes };
};
const blobs = [fileOf('one '.repeat(900)), fileOf('another '.repeat(100))];
const contents = [fileOf('{"manifest":1}'), fileOf('{"config":1}')];
const missing: readonly BlobSize[] = blobs.map(({ digest, bytes }) => ({ digest, size: bytes.length }));
const SCOPE = { repository: 'e'.repeat(64), list: 'f'.repeat(64) };

let server: CacheServer;
let temp: TempFolder;
let pack: CacheEntry;
let catalogue: CacheEntry;
let written: SoundCatalogue;
beforeAll(async () => {
  server = await startCacheServer();
  temp = await tempFolder('poison');
  await mkdir(workspace());
  await withMachine('read-write', async (session, store) => {
    await session.restoreCatalogue();
    for (const { bytes } of [...blobs, ...contents]) await store.put(bytes, undefined);
    const keepable = {
      blobs: missing,
      contents: contents.map(({ digest }) => digest),
      tags: [],
      withheld: { images: 0, blobs: 0, bytes: 0 },
      whole: true,
    };
    session.keep(keepable, { missing: new Set(), bytes: 0 });
    session.copied();
    expect(await session.finish()).toMatchObject({ saved: { blobs: 2 }, troubles: [] });
  });
  [pack, catalogue] = [entry(server.packs()), entry(server.catalogues())];
  const [file] = (await entriesOf(catalogue.bytes)).filter(({ header }) => header.type === 'file');
  written = JSON.parse(Buffer.from(file?.data ?? []).toString('utf8')) as SoundCatalogue;
});
afterAll(async () => {
  await server.close();
  await temp.close();
});
beforeEach(() => server.entries.evict(() => true));
afterEach(() => vi.unstubAllEnvs());

const workspace = (): string => path.join(temp.path, 'workspace');
function entry([first]: readonly CacheEntry[]): CacheEntry {
  return first ?? expect.fail('nothing was saved');
}

type Session = ReturnType<typeof openCacheSession>;

let machines = 0;
/** A machine whose store is empty. */
async function withMachine<T>(
  mode: 'read' | 'read-write',
  work: (session: Session, store: Store, folder: string) => Promise<T>,
): Promise<T> {
  machines += 1;
  const folder = path.join(temp.path, `store-${machines}`);
  const store = await openStore(folder);
  const env = { ...server.env('v2'), GITHUB_WORKSPACE: workspace(), RUNNER_TEMP: temp.path };
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  const silent = { onSecret: () => {}, onWords: () => {}, onWarning: () => {} };
  const cwd = vi.spyOn(process, 'cwd').mockReturnValue(workspace());
  const use = {
    cache: createActionsCache({ env, workspace: workspace(), ...silent }),
    mode,
    withholdPrivate: false,
    repository: 'org/site',
    asked: false,
  };
  const session = openCacheSession(use, { store, scope: SCOPE, emit: () => {} });
  try {
    return await work(session, store, folder);
  } finally {
    await session.close();
    await store.close();
    cwd.mockRestore();
  }
}

interface Came {
  /** Large and small content that the store has then. */
  readonly blobs: number;
  readonly contents: number;
  readonly troubles: CacheReport['troubles'];
}

/** Restores all on an empty machine. Whatever the cache has: right bytes come into the store, and nothing anywhere else. */
const restore = (): Promise<Came> =>
  withMachine('read', async (session, store, folder) => {
    await session.restoreCatalogue();
    await session.restoreBlobs(missing);
    const report = await session.finish();
    const has = async (files: readonly SoundFile[]): Promise<number> => {
      const found = await Promise.all(
        files.map(({ digest, bytes }) => store.read(digest, bytes.length).catch(() => undefined)),
      );
      return found.filter((bytes, at) => bytes && Buffer.from(bytes).equals(files[at]!.bytes)).length;
    };
    const came = { blobs: await has(blobs), contents: await has(contents) };
    const pool = path.join(folder, 'blobs/sha256');
    for (const name of await readdir(pool))
      expect(digestOf(await readFile(path.join(pool, name)))).toBe(`sha256:${name}`);
    expect(missing.filter(({ digest }) => session.restored.has(digest))).toHaveLength(came.blobs);
    expect(await readdir(workspace())).toEqual([]);
    expect(await readdir(store.runFolder)).toEqual([]);
    for (const place of ['../../escaped', '../escaped', '/tmp/os-cache-escaped'])
      expect(await isThere(path.resolve(workspace(), place))).toBe(false);
    return { ...came, troubles: report?.troubles ?? [] };
  });

it('what nobody poisoned comes whole', async () => {
  for (const one of [pack, catalogue]) server.entries.add(one);
  expect(await restore()).toMatchObject({ blobs: 2, contents: 2, troubles: [] });
});

/** How many blobs come at most, and what is said of the pack. */
const OUTCOMES: Readonly<Record<keyof typeof PACK_POISONS, readonly [number, RegExp | undefined]>> = {
  broken: [0, /^is damaged \(its archive is damaged: .+\)$/],
  lacking: [1, /^lacks \d blobs?$/],
  wrong: [0, /^holds \d+ files? that it must not$/],
  'more than it may': [2, /^holds \d files? that it must not$/],
  harmless: [2, undefined],
};

describe.each(Object.entries(PACK_POISONS))('found K: a pack in the cache that is %s', (group, poisons) => {
  it.each(Object.entries(poisons))('(%s) brings no wrong byte', async (name, make) => {
    const [blobsThere, words] = OUTCOMES[group as keyof typeof PACK_POISONS];
    const hex = pack.key.slice(-64);
    server.entries.add(catalogue);
    server.entries.add({ ...pack, bytes: make({ folder: packFolder({ hex }), files: blobs }) });
    const came = await restore();
    const said = new RegExp(
      `^pack ${hex.slice(0, 12)} in the cache (.*): it is replaced; gh cache delete ${pack.key} removes it$`,
    );
    const told = came.troubles.map((trouble) => said.exec(trouble)?.[1] ?? trouble);
    expect([name, told]).toEqual([name, words === undefined ? [] : [expect.stringMatching(words)]]);
    expect(came.blobs).toBeLessThanOrEqual(blobsThere);
    if (blobsThere === blobs.length) expect(came.blobs).toBe(blobsThere);
    expect(came.contents).toBe(2);
  });
});

/** Puts a catalogue under the key that has its hash. */
function plant(text: string | Buffer): string {
  const bytes = Buffer.from(text);
  const hex = hexOf(digestOf(bytes));
  const key = catalogue.key.slice(0, -64) + hex;
  const tar = rawTar([{ name: `${CATALOGUE_FOLDER}/${hex}`, data: bytes }]);
  server.entries.add(pack);
  server.entries.add({ ...catalogue, key, bytes: zstdCompressSync(tar) });
  return key;
}

describe('found K: a catalogue in the cache', () => {
  it.each(Object.entries(REFUSED_CATALOGUES))('of %s is not used', async (_, make) => {
    const key = plant(make(written));
    expect(await restore()).toMatchObject({
      blobs: 0,
      contents: 0,
      troubles: [
        `the catalogue in the cache is not used: it is not a catalogue; gh cache delete ${key} removes it`,
      ],
    });
  });

  it.each(Object.entries(LYING_CATALOGUES))('with %s is not believed', async (_, [make, large, small]) => {
    plant(make(written));
    expect(await restore()).toEqual({ blobs: large, contents: small, troubles: [] });
  });

  const { broken, wrong, 'more than it may': more } = PACK_POISONS;
  const { 'a bomb in a file elsewhere, before all': _, ...damaged } = broken;
  const {
    'a bomb under a digest': __,
    'nine thousand empty files before its own': ___,
    'the bytes of one under the name of another': ____,
    ...replaced
  } = wrong;
  it.each(Object.entries({ ...damaged, ...replaced }))('whose entry is (%s) is not used', async (_, make) => {
    const hex = catalogue.key.slice(-64);
    const bytes = Buffer.from(JSON.stringify(written));
    server.entries.add(pack);
    const files = [{ digest: digestOf(bytes), bytes }];
    server.entries.add({ ...catalogue, bytes: make({ folder: CATALOGUE_FOLDER, files }) });
    expect(hexOf(digestOf(bytes))).toBe(hex);
    expect(await restore()).toEqual({
      blobs: 0,
      contents: 0,
      troubles: [
        expect.stringMatching(
          `^the catalogue in the cache is not used: .*; gh cache delete ${catalogue.key} removes it$`,
        ),
      ],
    });
  });

  it.each(Object.entries(more))('whose entry has %s beside it is used alone', async (_, make) => {
    const bytes = Buffer.from(JSON.stringify(written));
    server.entries.add(pack);
    const files = [{ digest: digestOf(bytes), bytes }];
    server.entries.add({ ...catalogue, bytes: make({ folder: CATALOGUE_FOLDER, files }) });
    expect(await restore()).toEqual({ blobs: 2, contents: 2, troubles: [] });
  });
});
