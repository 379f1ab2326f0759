import { createReadStream } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CacheSession, type CacheUse, openCacheSession } from '../../src/cache/index.ts';
import type { Keepable } from '../../src/cache/keepable.ts';
import type { NewEntry, ReadOutcome, ReadRequest, RemoteCache, SaveOutcome } from '../../src/cache/port.ts';
import type { SaveEvent } from '../../src/events.ts';
import { type BlobSize, digestOf } from '../../src/oci/digest.ts';
import { openStore, type Store } from '../../src/store/index.ts';
import { tempFolder, type TempFolder } from '../support/temp.ts';

/** A cache that holds what it is given, in the order in which it came. */
interface HeldCache extends RemoteCache {
  readonly entries: Map<string, NewEntry>;
  readonly asked: string[];
  /** In place of saving. */
  refuse: SaveOutcome | undefined;
}
function heldCache(more: Partial<RemoteCache> = {}): HeldCache {
  const entries = new Map<string, NewEntry>();
  const asked: string[] = [];
  return {
    unavailable: undefined,
    readable: true,
    writable: true,
    close: async () => {},
    entries,
    asked,
    refuse: undefined,
    async read({ key, match, accepts, take }: ReadRequest): Promise<ReadOutcome> {
      asked.push(key);
      const fits = (one: string): boolean => (match === 'exact' ? one === key : one.startsWith(key));
      const found = [...entries.values()].findLast((entry) => fits(entry.key));
      if (found === undefined) return { kind: 'miss' };
      let refused = 0;
      for (const { name, size, file } of accepts?.(found.key) === false ? [] : found.files) {
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
  const store = await openStore(temp.path);
  stores.push(store);
  return store;
}

const logs: string[] = [];
const emit = (event: SaveEvent): void =>
  void (event.type === 'log' && logs.push(`${event.level}: ${event.message}`));
const LIST = 'f'.repeat(64);
const open = (store: Store, use: Partial<CacheUse> = {}, list = LIST): CacheSession => {
  logs.splice(0);
  const all = {
    cache,
    mode: 'read-write',
    withholdPrivate: false,
    repository: 'org/site',
    asked: false,
    ...use,
  } as const;
  return openCacheSession(all, { store, scope: { repository: 'e'.repeat(64), list }, emit });
};

const text = (at: number): Buffer => Buffer.alloc(100, String(at));
const manifest = (at: number): Buffer => Buffer.from(`{"manifest":${at}}`);
const NONE = { images: 0, blobs: 0, bytes: 0 };

/** A run that has all its content in its store, and saves it. */
async function saved(
  store: Store,
  ats: readonly number[],
  change: Partial<Keepable> = {},
  use: Partial<CacheUse> = {},
  list = LIST,
) {
  const session = open(store, use, list);
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
    expect(await session.finish()).toMatchObject({ entries: 1, bytes: 0, troubles: [] });
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
    expect([session.restored.size, await session.finish()]).toEqual([0, undefined]);
  });
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
    const session = open(store, {}, OTHER);
    await session.restoreCatalogue();
    expect(logs).toEqual([
      'info: this list has no catalogue in the cache: the newest one of the repository is used',
    ]);
    for (const digest of first.contents) expect(await store.read(digest, 1000)).toBeDefined();
    await session.restoreBlobs(first.blobs);
    expect(session.restored.size).toBe(4);
    const { report } = await saved(await machine(), [1, 2], {}, {}, OTHER);
    expect(report).toMatchObject({ saved: { packs: 0 }, entries: 2 });
    await open(await machine(), {}, OTHER).restoreCatalogue();
    expect(logs).toEqual([]);
  });

  it('keeps nothing of the other list, also where images failed', async () => {
    await saved(await machine(), [1, 2]);
    const { report } = await saved(await machine(), [3], { whole: false }, {}, OTHER);
    expect(report).toMatchObject({ entries: 2, bytes: 100 });
    const store = await machine();
    await open(store, {}, OTHER).restoreCatalogue();
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

  it('ends with the run’s signal, as a trouble', async () => {
    cache = heldCache(silent);
    const stop = new AbortController();
    const use = { cache, mode: 'read-write', withholdPrivate: false, repository: '', asked: false } as const;
    const store = await machine();
    const scope = { repository: 'e'.repeat(64), list: LIST };
    const session = openCacheSession(use, { store, scope, emit, signal: stop.signal });
    const blobs = [{ digest: await store.put(text(1), undefined), size: 100 }];
    const contents = [await store.put(manifest(1), undefined)];
    session.keep(
      { blobs, contents, tags: [], withheld: NONE, whole: true },
      { missing: new Set(), bytes: 0 },
    );
    expect(session.report()).toMatchObject({ saving: { packs: 1, blobs: 1, bytes: 100 } });
    const finished = session.finish();
    stop.abort(new Error('interrupted'));
    expect((await finished)?.troubles).toEqual(['interrupted while the cache was saved']);
  });
});
