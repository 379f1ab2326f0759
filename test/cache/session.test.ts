import { getEventListeners } from 'node:events';
import { createReadStream } from 'node:fs';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setImmediate as immediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CacheSession, type CacheUse, openCacheSession } from '../../src/cache/index.ts';
import { EMPTY, encodeCatalogue } from '../../src/cache/catalogue.ts';
import type { Keepable } from '../../src/cache/keepable.ts';
import type { NewEntry, ReadOutcome, ReadRequest, RemoteCache, SaveOutcome } from '../../src/cache/port.ts';
import { writeCatalogue } from '../../src/cache/stored-catalogue.ts';
import type { SaveEvent } from '../../src/events.ts';
import { type BlobSize, type Digest, digestOf, hexOf } from '../../src/oci/digest.ts';
import { openStore, type Store } from '../../src/store/index.ts';
import { tempFolder, type TempFolder } from '../support/temp.ts';

/** A cache that holds what it is given, in the order in which it came. The folder is a part of an entry's identity. */
interface HeldCache extends RemoteCache {
  readonly entries: Map<string, NewEntry>;
  readonly asked: string[];
  /** Names of the files that were handed out. */
  readonly handed: string[];
  /** In place of saving. */
  refuse: SaveOutcome | undefined;
}
function heldCache(more: Partial<RemoteCache> = {}): HeldCache {
  const entries = new Map<string, NewEntry>();
  const [asked, handed]: [string[], string[]] = [[], []];
  return {
    unavailable: undefined,
    readable: true,
    writable: true,
    close: async () => {},
    entries,
    asked,
    handed,
    refuse: undefined,
    async read({ key, match, folder, maxBytes, accepts, take }: ReadRequest): Promise<ReadOutcome> {
      asked.push(key);
      const fits = (one: string): boolean => (match === 'exact' ? one === key : one.startsWith(key));
      const found = [...entries.values()].findLast((entry) => entry.folder === folder && fits(entry.key));
      if (found === undefined) return { kind: 'miss' };
      if (found.files.reduce((sum, { size }) => sum + size, 0) > maxBytes)
        return { kind: 'failed', reason: 'it is too large' };
      let refused = 0;
      for (const { name, size, file } of accepts?.(found.key) === false ? [] : found.files) {
        handed.push(name);
        const taken = await take({ name, size, body: createReadStream(file) });
        if (taken === 'refused') refused += 1;
        if (taken === 'enough') break;
      }
      return { kind: 'hit', key: found.key, refused };
    },
    async save(entry: NewEntry): Promise<SaveOutcome> {
      if (this.refuse !== undefined) return this.refuse;
      if (entries.has(entry.key)) return { kind: 'exists' };
      // The machine that saved it may be gone when it is read.
      for (const { file } of entry.files) await readFile(file);
      entries.set(entry.key, entry);
      return { kind: 'saved' };
    },
    ...more,
  };
}

const SCOPE = { repository: 'e'.repeat(64), list: 'f'.repeat(64) };
const PREFIX = `oci-save-v1-catalogue-${'e'.repeat(16)}-${'f'.repeat(64)}-`;
const temps: TempFolder[] = [];
const stores: Store[] = [];
let cache: HeldCache;
beforeEach(() => {
  cache = heldCache();
});
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
  for (const temp of temps.splice(0)) await temp.close();
});

/** A machine on which nothing was saved. */
async function machine(): Promise<Store> {
  const temp = await tempFolder('session');
  temps.push(temp);
  return storeIn(temp.path);
}
async function storeIn(folder: string): Promise<Store> {
  const store = await openStore(folder);
  stores.push(store);
  return store;
}

const logs: string[] = [];
const stages: string[] = [];
const emit = (event: SaveEvent): void => {
  if (event.type === 'log') logs.push(`${event.level}: ${event.message}`);
  if (event.type === 'stage') stages.push(event.stage);
};
const open = (
  store: Store,
  use: Partial<CacheUse> = {},
  signal?: AbortSignal,
  list = SCOPE.list,
): CacheSession => {
  logs.splice(0);
  stages.splice(0);
  const all = {
    cache,
    mode: 'read-write',
    withholdPrivate: false,
    repository: 'org/site',
    asked: false,
    ...use,
  } as const;
  return openCacheSession(all, { store, scope: { ...SCOPE, list }, emit, signal });
};

const text = (at: number): Buffer => Buffer.alloc(100, String(at));
const blobAt = (at: number): BlobSize => ({ digest: digestOf(text(at)), size: 100 });
const manifest = (at: number): Buffer => Buffer.from(`{"manifest":${at}}`);
const NONE = { images: 0, blobs: 0, bytes: 0 };

/** A run that has all its content in its store, and saves it. */
async function saved(
  store: Store,
  ats: readonly number[],
  change: Partial<Keepable> = {},
  use: Partial<CacheUse> = {},
  list = SCOPE.list,
) {
  const session = open(store, use, undefined, list);
  await session.restoreCatalogue();
  const blobs: BlobSize[] = [];
  for (const at of ats) blobs.push({ digest: await store.put(text(at), undefined), size: 100 });
  const contents = await Promise.all(ats.map((at) => store.put(manifest(at), undefined)));
  const keepable = { blobs, contents, tags: [], withheld: NONE, whole: true, ...change };
  session.keep(keepable, { missing: new Set(), bytes: 0 });
  session.copied();
  const report = await session.finish();
  return { report, blobs, contents };
}

/** Other bytes in place of an entry's one file. */
async function replaceFile(part: string, bytes: Uint8Array): Promise<void> {
  const temp = await tempFolder('other');
  temps.push(temp);
  const other = path.join(temp.path, 'other');
  await writeFile(other, bytes);
  for (const [key, entry] of cache.entries) {
    if (!key.includes(part)) continue;
    cache.entries.set(key, {
      ...entry,
      files: entry.files.map(({ name }) => ({ name, size: bytes.length, file: other })),
    });
  }
}

const keys = (): string[] => [...cache.entries.keys()].map((key) => key.replace(/-[0-9a-f-]{20,}$/, ''));

describe('found L8: a run with a cache', () => {
  it('saves packs and a catalogue, from which a fresh machine restores all', async () => {
    const { report, blobs, contents } = await saved(await machine(), [1, 2]);
    expect(report).toMatchObject({
      saved: { packs: 1, blobs: 2, bytes: 200 },
      entries: 2,
      bytes: 200,
      troubles: [],
    });
    expect(report).not.toHaveProperty('unavailable');
    expect(keys()).toEqual(['oci-save-v1-pack', 'oci-save-v1-catalogue']);
    const fresh = await machine();
    const session = open(fresh);
    await session.restoreCatalogue();
    for (const digest of contents) expect(await fresh.read(digest, 1000)).toBeDefined();
    expect([...session.restored].toSorted()).toEqual(contents.toSorted());
    await session.restoreBlobs(blobs);
    expect([...session.restored].toSorted()).toEqual(
      [...contents, ...blobs.map(({ digest }) => digest)].toSorted(),
    );
    expect(await session.finish()).toMatchObject({
      restored: { blobs: 4, bytes: 200 + 28 },
      entries: 2,
      troubles: [],
    });
    for (const one of blobs) expect(await fresh.has(one)).toBe(true);
  });

  it('whose content did not change saves nothing', async () => {
    await saved(await machine(), [1]);
    const before = [...cache.entries.keys()];
    const { report } = await saved(await machine(), [1]);
    expect([...cache.entries.keys()]).toEqual(before);
    expect(report).toMatchObject({ saved: { packs: 0, blobs: 0, bytes: 0 }, entries: 2, bytes: 100 });
  });

  it('saves what is new alone, and names what is there', async () => {
    await saved(await machine(), [1]);
    const { report } = await saved(await machine(), [1, 2]);
    expect(report).toMatchObject({ saved: { packs: 1, blobs: 1, bytes: 100 }, entries: 3, bytes: 200 });
  });

  it('keeps what failed images have there, and drops it when none fails', async () => {
    const first = await saved(await machine(), [1]);
    const { report } = await saved(await machine(), [2], { whole: false });
    expect(report).toMatchObject({ entries: 3, bytes: 200 });
    const store = await machine();
    await open(store).restoreCatalogue();
    expect(await store.read(first.contents[0]!, 1000)).toEqual(manifest(1));
    expect((await saved(await machine(), [2])).report).toMatchObject({ entries: 2, bytes: 100 });
  });

  it('no longer names a pack that is gone', async () => {
    const { blobs } = await saved(await machine(), [1]);
    cache.entries.delete([...cache.entries.keys()][0]!);
    const session = open(await machine());
    await session.restoreCatalogue();
    await session.restoreBlobs(blobs);
    expect(await session.finish()).toMatchObject({
      restored: { blobs: 0, bytes: 0 },
      entries: 1,
      bytes: 0,
      troubles: [],
    });
  });

  it.each([
    ['read', ['restored'], []],
    ['write', [], ['oci-save-v1-pack', 'oci-save-v1-catalogue']],
  ] as const)('in mode %s restores %j and saves %j', async (mode, restored, written) => {
    const { blobs } = await saved(await machine(), [1]);
    const before = keys();
    const { report } = await saved(await machine(), [2], {}, { mode });
    expect(keys()).toEqual([...before, ...written]);
    expect(report?.mode).toBe(mode);
    cache.asked.splice(0);
    const session = open(await machine(), { mode });
    await session.restoreCatalogue();
    await session.restoreBlobs(blobs);
    expect(cache.asked.length > 0).toBe(restored.length > 0);
  });

  it.each<[string, Partial<RemoteCache>, number, string[]]>([
    ['that may not be read', { readable: false }, 0, ['oci-save-v1-pack', 'oci-save-v1-catalogue']],
    ['that may not be written', { writable: false }, 2, []],
    ['that is not there', { unavailable: 'no service' }, 0, []],
  ])('%s goes on without', async (_, more, asked, written) => {
    cache = heldCache(more);
    const { report } = await saved(await machine(), [1]);
    expect([cache.asked.length, keys(), report?.troubles]).toEqual([asked, written, []]);
    expect(report?.unavailable).toBe(more.unavailable);
  });

  it.each([
    [true, 'warning'],
    [false, 'info'],
  ])('says that there is none, where it was asked for (%s) as a %s', async (asked, level) => {
    cache = heldCache({ unavailable: 'no service' });
    await open(await machine(), { asked }).restoreCatalogue();
    expect(logs).toEqual([`${level}: The Actions cache is not used: no service`]);
  });

  it('says how much it withholds, and nothing where that is nothing', async () => {
    const withheld = { images: 1, blobs: 2, bytes: 3000 };
    const { report } = await saved(await machine(), [1], { withheld });
    expect([report?.withheld, logs]).toEqual([
      withheld,
      expect.arrayContaining([expect.stringMatching(/^info: 1 image, .* not saved/)]),
    ]);
    await saved(await machine(), [1]);
    expect(logs.filter((line) => line.includes('with credentials'))).toEqual([]);
  });

  it('tells a refusal once, and no catalogue names what was not saved', async () => {
    cache.refuse = { kind: 'denied', reason: 'read-only' };
    const { report } = await saved(await machine(), [1]);
    expect(report?.troubles).toEqual([
      expect.stringMatching(/^pack .* is not saved to the cache: read-only$/),
    ]);
    expect(report).toMatchObject({ saved: { packs: 0 }, entries: 0 });
  });

  it('whose packs fail for one cause saves its catalogue nevertheless: the next run needs no manifest', async () => {
    const save = cache.save.bind(cache);
    cache.save = async (entry) =>
      entry.key.includes('catalogue') ? save(entry) : { kind: 'failed', reason: 'broke' };
    const store = await machine();
    const blobs = [1, 2, 3].map((at) => ({ digest: digestOf(text(at)), size: 200 * 1024 * 1024 }));
    const contents = [await store.put(manifest(1), undefined)];
    const session = open(store);
    session.keep(
      { blobs, contents, tags: [], withheld: NONE, whole: true },
      { missing: new Set(), bytes: 0 },
    );
    expect(await session.finish()).toMatchObject({ saved: { packs: 0 }, entries: 1 });
    const next = await machine();
    await open(next).restoreCatalogue();
    expect(await next.read(digestOf(manifest(1)), 1000)).toEqual(manifest(1));
  });

  it('whose catalogue alone cannot be saved says that the next run has to fetch', async () => {
    const store = await machine();
    const save = cache.save.bind(cache);
    cache.save = async (entry) =>
      entry.key.includes('catalogue') ? { kind: 'failed', reason: 'no room' } : save(entry);
    const { report } = await saved(store, [1]);
    expect(report?.troubles).toEqual([
      'the catalogue is not saved to the cache, so that the next run has to fetch: no room',
    ]);
    expect(report).toMatchObject({ saved: { packs: 1 }, entries: 1 });
  });

  it.each<[string, ReadOutcome, string[]]>([
    ['is not there', { kind: 'miss' }, []],
    [
      'cannot be read',
      { kind: 'failed', reason: 'silent' },
      ['the catalogue in the cache cannot be read: silent'],
    ],
    [
      'cannot be unpacked',
      { kind: 'damaged', key: 'x', refused: 0, reason: 'it is cut' },
      [expect.stringMatching(/^the catalogue in the cache is not used: it is cut; gh cache delete /)],
    ],
    [
      'is another file',
      { kind: 'hit', key: 'x', refused: 1 },
      [
        expect.stringMatching(
          /^the catalogue in the cache is not used: its bytes are not those .*; gh cache delete /,
        ),
      ],
    ],
  ])('whose catalogue %s starts with none', async (_, outcome, troubles) => {
    cache = heldCache({ read: async () => outcome });
    const session = open(await machine());
    await session.restoreCatalogue();
    expect(await session.finish()).toMatchObject({ entries: 0, troubles });
  });

  it('without one restores and saves nothing, and has no report', async () => {
    const session = openCacheSession(undefined, {
      store: await machine(),
      scope: { repository: '', list: '' },
      emit,
    });
    await session.restoreCatalogue();
    await session.restoreBlobs([blobAt(1)]);
    const keepable = { blobs: [blobAt(1)], contents: [], tags: [], withheld: NONE, whole: true };
    session.keep(keepable, { missing: new Set(), bytes: 0 });
    session.landed(blobAt(1).digest);
    session.copied();
    expect([session.restored.size, await session.finish()]).toEqual([0, undefined]);
    await session.close();
  });
});

describe('what a run saves to the cache', () => {
  const all = (ats: readonly number[], store: Store) =>
    Promise.all(ats.map(async (at) => ({ digest: await store.put(text(at), undefined), size: 100 })));
  const keepable = (blobs: readonly BlobSize[], contents: readonly Digest[]): Keepable => ({
    blobs,
    contents,
    tags: [],
    withheld: NONE,
    whole: true,
  });

  it('is saved as soon as it has landed, or when no more will land', async () => {
    const store = await machine();
    const [landing, lacking] = [blobAt(1), blobAt(2)];
    const contents = [await store.put(manifest(1), undefined)];
    let told = Promise.withResolvers<void>();
    const save = cache.save.bind(cache);
    cache.save = (entry) => save(entry).finally(() => told.resolve());

    const first = open(store);
    first.keep(keepable([landing], contents), { missing: new Set([landing.digest]), bytes: 0 });
    expect(keys()).toEqual([]);
    await store.put(text(1), undefined);
    first.landed(landing.digest);
    await told.promise;
    expect(keys()).toEqual(['oci-save-v1-pack']);
    await first.finish();

    told = Promise.withResolvers<void>();
    const second = open(store);
    const [here] = await all([3], store);
    if (here === undefined) throw new Error('nothing was put');
    second.keep(keepable([here, lacking], contents), { missing: new Set([lacking.digest]), bytes: 0 });
    second.copied();
    await told.promise;
    const report = await second.finish();
    expect(report).toMatchObject({ saved: { packs: 1, blobs: 1 }, entries: 2, troubles: [] });
  });

  it('is announced as a stage, unless nothing may be saved', async () => {
    await saved(await machine(), [1]);
    expect(stages).toEqual(['cache']);
    await saved(await machine(), [1], {}, { mode: 'read' });
    expect(stages).toEqual([]);
  });

  it('leaves out what would take more than the cache has, and says so', async () => {
    const store = await machine();
    const contents = [await store.put(manifest(1), undefined)];
    const huge = { ...blobAt(1), size: 8_000_000_001 };
    const session = open(store);
    session.keep(keepable([huge], contents), { missing: new Set([huge.digest]), bytes: 0 });
    const report = await session.finish();
    const words =
      '7.5 GiB are not saved to the cache: this list would take more than 7.5 GiB of it, and a repository has 10 GB for everything';
    expect(report).toMatchObject({ saved: { packs: 0 }, entries: 1, troubles: [words] });
    expect(logs).toEqual([`warning: ${words}`]);
  });

  it('found K5: has another key where an entry is wrong, and is read by it', async () => {
    await saved(await machine(), [1]);
    await replaceFile('-pack-', text(9));
    const store = await machine();
    const session = open(store);
    await session.restoreCatalogue();
    await session.restoreBlobs([blobAt(1)]);
    const blobs = await all([1], store);
    session.keep(keepable(blobs, [await store.put(manifest(1), undefined)]), {
      missing: new Set(),
      bytes: 0,
    });
    expect(await session.finish()).toMatchObject({
      saved: { packs: 1 },
      entries: 2,
      bytes: 100,
      troubles: [
        expect.stringMatching(/^pack \w{12} in the cache holds 1 file that it must not: it is repl/),
      ],
    });
    const next = open(await machine());
    await next.restoreCatalogue();
    await next.restoreBlobs([blobAt(1)]);
    expect([next.restored.size, (await next.finish())?.troubles]).toEqual([1, []]);
  });

  it('and is there already is named by its catalogue, and not counted as saved', async () => {
    await saved(await machine(), [1]);
    const { report } = await saved(await machine(), [1], {}, { mode: 'write' });
    expect(report).toMatchObject({ saved: { packs: 0, blobs: 0, bytes: 0 }, entries: 2, bytes: 100 });
  });

  it('has no catalogue where there is no small content', async () => {
    const absent = digestOf(Buffer.from('not here'));
    const store = await machine();
    const large = await store.put(Buffer.alloc(1024 * 1024 + 1), undefined);
    const { report } = await saved(store, [1], { contents: [absent, large] });
    expect(keys()).toEqual(['oci-save-v1-pack']);
    expect(report).toMatchObject({ saved: { packs: 1 }, entries: 0, bytes: 0, troubles: [] });
    await saved(await machine(), [1]);
    const again = await saved(await machine(), [1], { contents: [] });
    expect(again.report).toMatchObject({ entries: 2, bytes: 100 });
  });

  it('has the digests of its tags, which failed images keep, and a whole run drops', async () => {
    const tagged = async (tag: string, whole: boolean) => {
      const store = await machine();
      const key = store.served.keyOf('registry.example/app', tag);
      await store.served.set(key, digestOf(Buffer.from(tag)));
      const never = { repository: 'registry.example/app', tag: 'never read' };
      const tags = [{ repository: 'registry.example/app', tag }, never];
      await saved(store, [1], { tags, whole });
    };
    const served = async () => {
      const store = await machine();
      await open(store).restoreCatalogue();
      return ['old', 'new', 'never read'].filter((tag) => {
        const digest = store.served.get(store.served.keyOf('registry.example/app', tag));
        if (digest !== undefined) expect(digest).toBe(digestOf(Buffer.from(tag)));
        return digest !== undefined;
      });
    };
    await tagged('old', true);
    expect(await served()).toEqual(['old']);
    await tagged('new', false);
    expect(await served()).toEqual(['old', 'new']);
    await tagged('new', true);
    expect(await served()).toEqual(['new']);
  });

  it('is handed to the cache under the names of its digests', async () => {
    const store = await machine();
    const { blobs } = await saved(store, [1, 2]);
    const [pack, catalogue] = [...cache.entries.values()];
    expect(pack?.files).toEqual(
      blobs.map(({ digest }) => ({ name: hexOf(digest), size: 100, file: store.pathOf(digest) })),
    );
    expect(catalogue).toMatchObject({ folder: '.oci-save/catalogue', leaveFree: 0 });
    const [file] = catalogue?.files ?? [];
    expect(catalogue?.key).toMatch(new RegExp(`^${PREFIX}[0-9a-f]{32}-${file?.name}$`));
    expect((await stat(file?.file ?? '')).size).toBe(file?.size);
  });

  it('is not counted as restored where this machine had it', async () => {
    const temp = await tempFolder('session');
    temps.push(temp);
    const { contents } = await saved(await storeIn(temp.path), [1]);
    const other = await saved(await machine(), [1, 2]);
    const store = await storeIn(temp.path);
    const session = open(store);
    await session.restoreCatalogue();
    for (const digest of other.contents) await store.read(digest, 1000);
    expect([...session.restored]).toEqual(other.contents.filter((digest) => !contents.includes(digest)));
  });

  it('is closed with its session', async () => {
    let closed = 0;
    cache = heldCache({ close: async () => void (closed += 1) });
    await open(await machine()).close();
    expect(closed).toBe(1);
  });
});

describe('a catalogue in the cache', () => {
  /** Puts another catalogue into the cache under the right hash, or under what stands in its place. */
  async function plant(bytes: Uint8Array, names: { key?: string; name?: string } = {}): Promise<void> {
    const { key = hexOf(digestOf(bytes)), name = key } = names;
    const temp = await tempFolder('plant');
    temps.push(temp);
    const file = path.join(temp.path, 'catalogue.json');
    await writeFile(file, bytes);
    const entry = {
      folder: '.oci-save/catalogue',
      files: [{ name, size: bytes.length, file }],
      leaveFree: 0,
    };
    cache.entries.set(key, { key: `${PREFIX}${'0'.repeat(32)}-${key}`, ...entry });
  }
  const sound = (small: Uint8Array): Uint8Array =>
    encodeCatalogue({ contents: new Map([[digestOf(small), small]]), packs: [], served: new Map() });
  const notUsed = (why: string) =>
    expect.stringMatching(
      new RegExp(
        `^the catalogue in the cache is not used: ${why}; gh cache delete oci-save-\\S+ removes it$`,
      ),
    );
  const NOT_OURS = notUsed('its bytes are not those that its key names');

  it.each<[string, Uint8Array, { key?: string; name?: string }, unknown]>([
    ['has other bytes than its key says', sound(manifest(1)), { key: 'a'.repeat(64) }, NOT_OURS],
    ['has a file of another name', sound(manifest(1)), { name: 'b'.repeat(64) }, NOT_OURS],
    ['is no catalogue', Buffer.from('{}'), {}, notUsed('it is not a catalogue')],
  ])('that %s is not used, which is told', async (_, bytes, names, trouble) => {
    await plant(bytes, names);
    const session = open(await machine());
    await session.restoreCatalogue();
    expect(session.restored.size).toBe(0);
    expect(await session.finish()).toMatchObject({ entries: 0, troubles: [trouble] });
  });

  it('under a key that is not ours is not even read', async () => {
    await plant(sound(manifest(1)), { key: 'short' });
    const session = open(await machine());
    await session.restoreCatalogue();
    expect([cache.handed, (await session.finish())?.troubles]).toEqual([[], [NOT_OURS]]);
  });

  it('is read first of all, the newest one, and what is asked for comes into the store', async () => {
    for (const at of [1, 2]) await plant(sound(manifest(at)));
    const store = await machine();
    const session = open(store);
    await session.restoreCatalogue();
    const digest = digestOf(manifest(2));
    expect(await store.read(digest, 100)).toEqual(manifest(2));
    expect([...session.restored]).toEqual([digest]);
    expect(await session.finish()).toMatchObject({ restored: { blobs: 1, bytes: 14 }, entries: 1, bytes: 0 });
  });

  it('that is too large for the cache is not saved, which is told', async () => {
    const store = await machine();
    const troubles: string[] = [];
    const context = {
      cache,
      store,
      emit,
      signal: undefined,
      trouble: (message: string) => void troubles.push(message),
    };
    const large = Buffer.alloc(48 * 1024 * 1024 + 1);
    const catalogue = { contents: new Map([[digestOf(large), large]]), packs: [], served: new Map() };
    const nothing = { catalogue: EMPTY, content: undefined };
    expect(await writeCatalogue(catalogue, nothing, SCOPE, context)).toBe(false);
    expect([keys(), troubles]).toEqual([[], ['the catalogue is too large for the cache, with 64.0 MiB']]);
  });
});

describe('a run that is stopped', () => {
  const reason = new Error('stopped by the user');
  const never = new Promise<never>(() => {});
  const INTERRUPTED = 'interrupted while the cache was saved';

  it('while it reads the catalogue ends with its own reason', async () => {
    const stop = new AbortController();
    const read = async (): Promise<ReadOutcome> => {
      stop.abort(reason);
      return { kind: 'miss' };
    };
    cache = heldCache({ read });
    await expect(open(await machine(), {}, stop.signal).restoreCatalogue()).rejects.toBe(reason);
  });

  it.each(['pack', 'catalogue'])('while its %s is being saved does not wait for it', async (kind) => {
    const stop = new AbortController();
    const save = cache.save.bind(cache);
    cache.save = (entry) => {
      if (!entry.key.includes(`-${kind}-`)) return save(entry);
      stop.abort(reason);
      return never;
    };
    const session = await ready(stop.signal);
    expect((await session.finish())?.troubles).toEqual([INTERRUPTED]);
  });

  it('tells so even where what it waits for has come', async () => {
    for (const kind of ['pack', 'catalogue']) {
      const stop = new AbortController();
      cache = heldCache();
      const save = cache.save.bind(cache);
      cache.save = async (entry) => {
        if (entry.key.includes(`-${kind}-`)) stop.abort(reason);
        return save(entry);
      };
      expect((await (await ready(stop.signal)).finish())?.troubles).toEqual([INTERRUPTED]);
    }
  });

  it('tells nothing of a catalogue that is not saved then', async () => {
    const stop = new AbortController();
    const save = cache.save.bind(cache);
    cache.save = async (entry) => {
      if (!entry.key.includes('-catalogue-')) return save(entry);
      stop.abort(reason);
      return { kind: 'failed', reason: 'too late' };
    };
    expect((await (await ready(stop.signal)).finish())?.troubles).toEqual([INTERRUPTED]);
    await immediate();
    expect(logs.filter((line) => line.includes('too late'))).toEqual([]);
  });

  it('before it saves saves nothing', async () => {
    const session = await ready(AbortSignal.abort(reason));
    expect((await session.finish())?.troubles).toEqual([INTERRUPTED]);
    expect(keys()).toEqual([]);
  });

  it('is listened for only while something is saved', async () => {
    const { signal } = new AbortController();
    const session = await ready(signal);
    expect(await session.finish()).toMatchObject({ entries: 2, troubles: [] });
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  /** A session that has kept a pack and a manifest. */
  async function ready(signal: AbortSignal): Promise<CacheSession> {
    const store = await machine();
    const blobs = [{ digest: await store.put(text(1), undefined), size: 100 }];
    const contents = [await store.put(manifest(1), undefined)];
    const session = open(store, {}, signal);
    session.keep(
      { blobs, contents, tags: [], withheld: NONE, whole: true },
      { missing: new Set(), bytes: 0 },
    );
    expect(session.report()).toMatchObject({ saving: { packs: 1, blobs: 1, bytes: 100 } });
    return session;
  }
});

describe('found K2: content that comes back', () => {
  it('is restored again: the newest catalogue is that of the last run', async () => {
    for (const ats of [[1], [2], [1]]) await saved(await machine(), ats);
    const store = await machine();
    const session = open(store);
    await session.restoreCatalogue();
    expect(await store.read(digestOf(manifest(1)), 1000)).toEqual(manifest(1));
    await session.restoreBlobs([{ digest: digestOf(text(1)), size: 100 }]);
    expect(session.restored.size).toBe(2);
  });

  it('found K5: replaces a damaged catalogue, which is then no longer read', async () => {
    await saved(await machine(), [1]);
    const [key = '', entry] = [...cache.entries].findLast(([each]) => each.includes('catalogue')) ?? [];
    const files = entry!.files.map((file) => ({ ...file, file: '/dev/null' }));
    cache.entries.set(key, { ...entry!, files });
    const { report } = await saved(await machine(), [1]);
    expect(report?.troubles).toEqual([expect.stringContaining(`gh cache delete ${key}`)]);
    expect((await saved(await machine(), [1])).report?.troubles).toEqual([]);
  });
});

describe('found A15: a list that has no catalogue of its own', () => {
  const OTHER = 'a'.repeat(64);

  it('takes what another list of the repository left, and has one afterwards', async () => {
    const first = await saved(await machine(), [1, 2]);
    const store = await machine();
    const session = open(store, {}, undefined, OTHER);
    await session.restoreCatalogue();
    expect(logs).toEqual([
      'info: this list has no catalogue in the cache: the newest one of the repository is used',
    ]);
    for (const digest of first.contents) expect(await store.read(digest, 1000)).toBeDefined();
    await session.restoreBlobs(first.blobs);
    expect(session.restored.size).toBe(4);
    const { report } = await saved(await machine(), [1, 2], {}, {}, OTHER);
    expect(report).toMatchObject({ saved: { packs: 0 }, entries: 2 });
    await open(await machine(), {}, undefined, OTHER).restoreCatalogue();
    expect(logs).toEqual([]);
  });

  it('keeps nothing of the other list, also where images failed', async () => {
    await saved(await machine(), [1, 2]);
    const { report } = await saved(await machine(), [3], { whole: false }, {}, OTHER);
    expect(report).toMatchObject({ entries: 2, bytes: 100 });
    const store = await machine();
    await open(store, {}, undefined, OTHER).restoreCatalogue();
    expect(await store.read(digestOf(manifest(1)), 1000)).toBeUndefined();
    expect(await store.read(digestOf(manifest(3)), 1000)).toEqual(manifest(3));
  });

  it('reads none of another repository', async () => {
    await saved(await machine(), [1]);
    cache.asked.splice(0);
    const use = { cache, mode: 'read-write', withholdPrivate: false, repository: '', asked: false } as const;
    const store = await machine();
    const scope = { repository: 'b'.repeat(64), list: OTHER };
    await openCacheSession(use, { store, scope, emit }).restoreCatalogue();
    expect(cache.asked).toHaveLength(2);
    expect(await store.read(digestOf(manifest(1)), 1000)).toBeUndefined();
  });
});

describe('found K6: a catalogue with far more than a run needs', () => {
  it('brings into the store what the run asks for alone', async () => {
    const { contents } = await saved(await machine(), [1, 2, 3]);
    const store = await machine();
    const session = open(store);
    await session.restoreCatalogue();
    expect(await store.has({ digest: contents[1]!, size: manifest(2).length })).toBe(true);
    expect([...session.restored]).toEqual([contents[1]]);
    expect(await readdir(path.dirname(store.pathOf(contents[1]!)))).toHaveLength(1);
  });
});

describe('found K3: a service that takes an upload and says nothing', () => {
  const silent = { save: () => new Promise<never>(() => {}) };

  it('holds no run for longer than the time for it, and has no catalogue of what it did not take', async () => {
    cache = heldCache(silent);
    const { report } = await saved(await machine(), [1], {}, { patienceMilliseconds: 1 });
    expect(report).toMatchObject({ saved: { packs: 0 }, entries: 0 });
    expect(report?.troubles).toEqual([
      'the cache takes too long: what is not in it by now is not saved',
      'the catalogue is not saved to the cache in time, so that the next run has to fetch',
    ]);
  });
});
