import { createReadStream } from 'node:fs';
import { mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { computeTar, type TarEntry } from '../../src/archive/index.ts';
import { unpackBundle, type UnpackReport } from '../../src/commands/index.ts';
import { save } from '../../src/commands/save/save.ts';
import type { SaveEvent } from '../../src/events.ts';
import { parseOptions } from '../../src/options/index.ts';
import { asFlag, spellHint } from '../../src/text/hint.ts';
import { type BadRegistry, startBadRegistry } from '../support/bad-registry.ts';
import { failureOf } from '../support/failure.ts';
import { idx, one } from '../support/fixtures/index.ts';
import { tempFolder, type TempFolder } from '../support/temp.ts';
import { filesOf } from '../support/whole-bundle.ts';

const layer = { layerBytes: 60_000 };

let source: BadRegistry;
let temp: TempFolder;
beforeAll(async () => {
  source = await startBadRegistry({ images: { 'one:1': one(layer), 'idx:1': idx(layer) } });
  temp = await tempFolder('unpack');
  for (const [name, settings] of Object.entries({
    app: { splitSize: '100KiB' },
    whole: {},
    zot: { layout: 'zot' },
  })) {
    const options = parseOptions({
      images: ['one:1', 'idx:1'].map((image) => `${source.host}/${image}`),
      platforms: 'linux/amd64',
      output: path.join(temp.path, 'made', name),
      archive: 'tar',
      cacheDir: path.join(temp.path, 'store'),
      copier: 'direct',
      insecureRegistries: [source.host],
      ...settings,
    });
    expect((await save(options, { env: {}, emit: () => {} })).report.failed).toEqual([]);
  }
});
afterAll(async () => {
  await source.close();
  await temp.close();
});

const made = (...names: string[]): string => path.join(temp.path, 'made', ...names);

async function* noBytes(): AsyncGenerator<Uint8Array> {}

interface Settings {
  readonly stdin?: AsyncIterable<Uint8Array>;
  readonly emit?: (event: SaveEvent) => void;
  readonly signal?: AbortSignal;
}

const unpack = (
  archive: string | string[],
  output: string,
  { stdin = noBytes(), emit = () => {}, signal }: Settings = {},
): Promise<UnpackReport> => unpackBundle({ archive: [archive].flat(), output }, { emit, signal, stdin });

let count = 0;
/** A path in a folder of its own, where nothing is. */
async function place(): Promise<string> {
  count += 1;
  const folder = path.join(temp.path, `site-${count}`);
  await mkdir(folder);
  return path.join(folder, 'app');
}

/** A stream of an archive of our form with other entries. */
async function* archiveOf(entries: readonly TarEntry[]): AsyncGenerator<Uint8Array> {
  yield* computeTar(entries).read();
}

describe('R10: oci-save unpack', () => {
  it('gives the folder that was archived, from one file, from parts and from a stream, with links as links', async () => {
    const bundle = await filesOf(made('app'));
    const parts = (await readdir(made())).filter((name) => /^app\.tar\.\d{3}$/.test(name)).toSorted();
    const [, second = ''] = parts;
    async function* joined(): AsyncGenerator<Uint8Array> {
      for (const part of parts) yield* createReadStream(made(part));
    }
    for (const [archive, stdin] of [
      [made('whole.tar')],
      [made(second)],
      [made('app.parts.json')],
      ['-', joined()],
    ] as const) {
      const output = await place();
      const report = await unpack(archive, output, stdin === undefined ? {} : { stdin });
      expect(report).toMatchObject({ outcome: 'done', images: 2, copies: { files: 0, bytes: 0 } });
      expect(await filesOf(output)).toEqual(bundle);
      const [pool = ''] = await readdir(path.join(output, 'blobs', 'sha256'));
      expect((await stat(path.join(output, 'blobs', 'sha256', pool))).nlink).toBe(2);
      expect((await stat(output)).mode & 0o777).toBe(0o755);
      expect(await readdir(path.dirname(output))).toEqual(['app']);
    }
  });

  it('keeps the lock of a bundle of one view beside the folder', async () => {
    const output = await place();
    expect(await unpack(made('zot.tar'), output)).toMatchObject({ outcome: 'done', images: 2 });
    expect(await readFile(`${output}.lock.json`)).toEqual(await readFile(made('zot.lock.json')));
    expect(await filesOf(output)).toEqual(await filesOf(made('zot')));
  });

  it('found G2: never unpacks over what is there', async () => {
    const output = await place();
    await mkdir(output);
    expect(await unpack(made('whole.tar'), output)).toMatchObject({ outcome: 'done' });
    const before = await filesOf(output);
    await expect(unpack(made('whole.tar'), output)).rejects.toMatchObject({ code: 'machine' });
    expect(await filesOf(output)).toEqual(before);
    await expect(unpack('-', '')).rejects.toMatchObject({ code: 'usage' });
    expect((await failureOf(unpack(made('app'), await place()))).hint).toContain('kit/update.sh SITE');
    expect((await failureOf(unpack(temp.path, await place()))).message).toMatch(/ is a folder$/);
  });

  it('says how a folder is named where it stands among the archives', async () => {
    const output = await place();
    const error = await failureOf(unpack([made('whole.tar'), output], ''));
    expect([error.code, error.message]).toEqual(['usage', 'these are files of 2 archives']);
    expect(spellHint(error.hintParts ?? [], asFlag)).toContain(
      'A folder to unpack to is named with --output.',
    );
  });

  it('leaves nothing of an archive that is damaged, cut off, or lacks a part', async () => {
    const bytes = await readFile(made('whole.tar'));
    const changed = Buffer.from(bytes);
    const at = changed.indexOf('"architecture":');
    changed[at] = (changed[at] ?? 0) ^ 1;
    async function* of(some: Uint8Array): AsyncGenerator<Uint8Array> {
      yield some;
    }
    const damaged = await place();
    expect(await unpack('-', damaged, { stdin: of(changed) })).toMatchObject({
      outcome: 'damaged',
      damaged: expect.arrayContaining([
        {
          path: expect.any(String),
          reason: expect.any(String),
          images: [expect.stringContaining(source.host)],
        },
      ]),
    });
    expect(await unpack('-', damaged, { stdin: of(bytes.subarray(0, 100_000)) })).toMatchObject({
      outcome: 'damaged',
      broken: expect.stringContaining('cut off'),
    });
    const folder = path.dirname(damaged);
    for (const name of await readdir(made())) {
      if (/^app\.tar\.|^app\.parts/.test(name))
        await writeFile(path.join(folder, name), await readFile(made(name)));
    }
    await rm(path.join(folder, 'app.tar.002'));
    expect(await unpack(path.join(folder, 'app.tar.001'), damaged)).toMatchObject({
      outcome: 'damaged',
      parts: [{ name: 'app.tar.002', reason: 'it is missing' }],
    });
    expect((await readdir(folder)).filter((name) => !/^app\.(?:tar|parts)/.test(name))).toEqual([]);
  });

  it('names the images that a damaged header concerns', async () => {
    const output = await place();
    const wrong = await readFile(made('whole.tar'));
    const at = wrong.toString('latin1').search(/blobs\/sha256\/[0-9a-f]{64}\0/) + 20;
    wrong[at] = (wrong[at] ?? 0) ^ 1;
    async function* one(): AsyncGenerator<Uint8Array> {
      yield wrong;
    }
    const report = await unpack('-', output, { stdin: one() });
    expect(report).toMatchObject({
      outcome: 'damaged',
      images: 2,
      broken: expect.stringContaining('a header is damaged'),
    });
    expect(new Set(report.damaged.flatMap(({ images }) => images)).size).toBe(1);
    expect(await readdir(path.dirname(output))).toEqual([]);
  });

  it('refuses a folder beforehand that cannot be replaced, and follows a link to an empty one', async () => {
    await expect(unpack(['-', made('whole.tar')], await place())).rejects.toMatchObject({ code: 'usage' });
    const output = await place();
    await mkdir(output);
    const before = process.cwd();
    const link = `${output}-link`;
    await symlink(output, link);
    process.chdir(output);
    try {
      for (const name of ['.', output, link]) {
        await expect(unpack(made('whole.tar'), name)).rejects.toMatchObject({
          code: 'usage',
          message: expect.stringContaining('working directory'),
        });
      }
    } finally {
      process.chdir(before);
    }
    expect(await unpack(made('whole.tar'), link)).toMatchObject({ outcome: 'done', output });
    expect(await filesOf(output)).toEqual(await filesOf(made('whole')));
  });

  it('takes no other lock that is there for that of a bundle of one view', async () => {
    const output = await place();
    await writeFile(`${output}.lock.json`, '{}');
    await expect(unpack(made('zot.tar'), output)).rejects.toMatchObject({
      code: 'machine',
      message: expect.stringContaining('is not the lock of this bundle'),
    });
    expect(await readdir(path.dirname(output))).toEqual(['app.lock.json']);
    expect(await readFile(`${output}.lock.json`, 'utf8')).toBe('{}');
  });

  it('leaves nothing when it is stopped', async () => {
    const output = await place();
    const controller = new AbortController();
    const emit = ({ type }: SaveEvent): void => {
      if (type === 'bytes') controller.abort(new Error('stopped'));
    };
    await expect(unpack(made('whole.tar'), output, { emit, signal: controller.signal })).rejects.toThrow(
      'stopped',
    );
    expect(await readdir(path.dirname(output))).toEqual([]);
  });

  it.each<[string, TarEntry]>([
    ['a name above the folder', { kind: 'bytes', path: '../evil', bytes: Buffer.from('x') }],
    ['an absolute name', { kind: 'bytes', path: '/tmp/evil', bytes: Buffer.from('x') }],
    ['dots within', { kind: 'bytes', path: 'a/../../evil', bytes: Buffer.from('x') }],
    ['a name for another system', { kind: 'bytes', path: String.raw`a\..\..\evil`, bytes: Buffer.from('x') }],
    ['a stream of NTFS', { kind: 'bytes', path: 'a:b', bytes: Buffer.from('x') }],
    ['a link to a file of the machine', { kind: 'link', path: 'passwd', to: '/etc/passwd' }],
    ['a link above the folder', { kind: 'link', path: 'passwd', to: '../passwd' }],
    ['a link to itself', { kind: 'link', path: 'self', to: 'self' }],
    ['a name below a file', { kind: 'bytes', path: 'oci-layout/x', bytes: Buffer.from('x') }],
    ['a folder that is a file', { kind: 'folder', path: 'oci-layout' }],
    [
      'a name that some disks take for another',
      { kind: 'bytes', path: 'OCI-layout', bytes: Buffer.from('x') },
    ],
    ['a name that is too long in bytes', { kind: 'bytes', path: 'é'.repeat(200), bytes: Buffer.from('x') }],
    ['a name that is there', { kind: 'bytes', path: 'oci-layout', bytes: Buffer.from('x') }],
  ])('writes nothing for an archive with %s', async (_, entry) => {
    const output = await place();
    const first: TarEntry = { kind: 'bytes', path: 'oci-layout', bytes: Buffer.from('{}') };
    await expect(unpack('-', output, { stdin: archiveOf([first, entry]) })).rejects.toMatchObject({
      code: 'digest',
      message: expect.stringContaining('cannot be unpacked'),
    });
    expect(await readdir(path.dirname(output))).toEqual([]);
  });

  it('refuses what the lock of an archive does not account for', async () => {
    const output = await place();
    const all: TarEntry[] = [];
    for (const [name] of await filesOf(made('whole')))
      all.push({ kind: 'bytes', path: name, bytes: await readFile(made('whole', name)) });
    all.push({ kind: 'bytes', path: 'registry/team/extra.txt', bytes: Buffer.from('x') });
    const report = await unpack('-', output, { stdin: archiveOf(all) });
    expect(report).toMatchObject({ outcome: 'damaged', damaged: [], foreign: ['registry/team/'] });
    expect(await readdir(path.dirname(output))).toEqual([]);
  });
});
