import { readdir } from 'node:fs/promises';
import { setImmediate as immediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { packKey } from '../../src/cache/keys.ts';
import { type Pack, PACK_BYTES, packOf } from '../../src/cache/packing.ts';
import type { ReadOutcome, ReadRequest, RemoteCache } from '../../src/cache/port.ts';
import { type Restoration, restorePacks } from '../../src/cache/restore.ts';
import { OciSaveError } from '../../src/errors.ts';
import type { SaveEvent } from '../../src/events.ts';
import { type BlobSize, type Digest, digestOf, hexOf } from '../../src/oci/digest.ts';
import { openStore, type Store } from '../../src/store/index.ts';
import { tempFolder, type TempFolder } from '../support/temp.ts';

let temp: TempFolder;
let store: Store;
beforeEach(async () => {
  temp = await tempFolder('restore');
  store = await openStore(temp.path);
});
afterEach(async () => {
  await store.close();
  await temp.close();
});

const text = (at: number, length = 10): Buffer => Buffer.alloc(length, String(at));
const blob = (at: number, length = 10): BlobSize => ({ digest: digestOf(text(at, length)), size: length });
const [a, b, c] = [blob(1), blob(2), blob(3)];
const BYTES = new Map([1, 2, 3, 4].map((at) => [blob(at).digest, text(at)]));

/** Entries of a cache, by key: the files that come, and how the reading ends. */
interface Entry {
  readonly files: readonly (readonly [Digest, Buffer])[];
  readonly end?: { readonly kind: 'broken' | 'damaged'; readonly reason: string };
}

/** The files whose bytes were read. */
const handed: Digest[] = [];

/** A cache of these entries, which hands over files until it is told that they are enough. */
function cacheOf(entries: ReadonlyMap<string, Entry | ReadOutcome>): {
  cache: RemoteCache;
  asked: string[];
  requests: ReadRequest[];
} {
  const asked: string[] = [];
  const requests: ReadRequest[] = [];
  const read = async (request: ReadRequest): Promise<ReadOutcome> => {
    const { key, take, onBytes } = request;
    asked.push(key);
    requests.push(request);
    const entry = entries.get(key);
    if (entry === undefined) return { kind: 'miss' };
    if ('kind' in entry) return entry;
    let refused = 0;
    for (const [digest, bytes] of entry.files) {
      onBytes?.(bytes.length);
      const body = bodyOf(digest, bytes);
      const taken = await take({ name: hexOf(digest), size: bytes.length, body });
      if (taken === 'refused') refused += 1;
      if (taken === 'enough') break;
    }
    return { key, refused, ...(entry.end ?? { kind: 'hit' }) };
  };
  const unused = { unavailable: undefined, readable: true, writable: true, close: async () => {} };
  return { cache: { ...unused, read, save: async () => ({ kind: 'saved' }) }, asked, requests };
}

async function* bodyOf(digest: Digest, bytes: Buffer): AsyncGenerator<Buffer> {
  handed.push(digest);
  for (const at of [0, 5]) yield bytes.subarray(at, at === 0 ? 5 : bytes.length);
}

const filesOf = (...blobs: readonly BlobSize[]): Entry['files'] =>
  blobs.map(({ digest }) => [digest, BYTES.get(digest)!]);

interface Told {
  readonly result: Restoration;
  readonly troubles: readonly string[];
  readonly logs: readonly string[];
  readonly steps: readonly string[];
  readonly asked: readonly string[];
  readonly requests: readonly ReadRequest[];
  readonly events: readonly SaveEvent[];
}
async function restore(
  packs: readonly Pack[],
  missing: readonly BlobSize[],
  entries: readonly (readonly [Pack, Entry | ReadOutcome])[],
): Promise<Told> {
  const { cache, asked, requests } = cacheOf(new Map(entries.map(([one, entry]) => [packKey(one), entry])));
  const [troubles, logs, steps]: [string[], string[], string[]] = [[], [], []];
  const events: SaveEvent[] = [];
  handed.splice(0);
  const emit = (event: SaveEvent): void => {
    events.push(event);
    if (event.type === 'log') logs.push(`${event.level}: ${event.message}`);
    if (event.type === 'step') steps.push(event.outcome);
  };
  const trouble = (message: string): void => void troubles.push(message);
  const result = await restorePacks(packs, missing, { cache, store, emit, signal: undefined, trouble });
  for (const { digest } of missing)
    expect(await store.has({ digest, size: 10 })).toBe(result.restored.has(digest));
  return { result, troubles, logs, steps, asked, requests, events };
}

const pack = packOf([a, b]);
const short = `pack ${pack.hex.slice(0, 12)}`;
const REPLACED = `: it is replaced; gh cache delete ${packKey(pack)} removes it`;

describe('found L8: packs that are restored', () => {
  it('whole are told as done, with no other word', async () => {
    const told = await restore([pack], [a, b], [[pack, { files: filesOf(a, b) }]]);
    expect(told).toMatchObject({ troubles: [], logs: [], steps: ['done'] });
    expect(told.result).toEqual({
      restored: new Set([a.digest, b.digest]),
      lost: new Set(),
      spoilt: new Map(),
    });
  });

  it('and are gone are no trouble, and no later run asks for them', async () => {
    const { result, troubles, logs, steps } = await restore([pack], [a], []);
    expect([troubles, logs, steps]).toEqual([[], [`info: ${short} is no longer in the cache`], ['failed']]);
    expect(result).toEqual({ restored: new Set(), lost: new Set([pack.hex]), spoilt: new Map() });
  });

  it('and lack a blob give the others, and are not used again under their key', async () => {
    const { result, troubles, steps } = await restore([pack], [a, b], [[pack, { files: filesOf(a) }]]);
    expect([troubles, steps]).toEqual([[`${short} in the cache lacks 1 blob${REPLACED}`], ['failed']]);
    expect(result).toEqual({
      restored: new Set([a.digest]),
      lost: new Set([pack.hex]),
      spoilt: new Map([[pack.hex, 0]]),
    });
  });

  it.each<[string, Entry['files'], readonly BlobSize[]]>([
    ['other bytes under a digest', [[a.digest, text(9)]], [a]],
    ['a blob of another size', [[a.digest, text(1, 11)]], [a]],
    ['a blob of another size that nobody misses', [[b.digest, text(2, 11)], ...filesOf(a)], [a]],
    ['a file that the catalogue does not name', [[c.digest, text(3)], ...filesOf(a)], [a]],
  ])('and hold %s are refused once, and not used again under their key', async (_, files, missing) => {
    const { result, troubles } = await restore([pack], missing, [[pack, { files }]]);
    expect(troubles).toEqual([`${short} in the cache holds 1 file that it must not${REPLACED}`]);
    expect([result.lost, result.spoilt]).toEqual([new Set([pack.hex]), new Map([[pack.hex, 0]])]);
    // Nothing half-written stays.
    expect(await readdir(store.runFolder)).toEqual([]);
  });

  it.each<[string, Entry | ReadOutcome, readonly Digest[]]>([
    ['denied', { kind: 'denied', reason: 'the connection broke' }, []],
    ['out of reach', { kind: 'failed', reason: 'the connection broke' }, []],
    [
      'broken off',
      { files: filesOf(a), end: { kind: 'broken', reason: 'the connection broke' } },
      [a.digest],
    ],
  ])(
    'and are %s are told with the reason, give what came, and may be asked for again',
    async (_, entry, came) => {
      const { result, troubles } = await restore([pack], [a, b], [[pack, entry]]);
      expect(troubles).toEqual([`${short} cannot be read from the cache: the connection broke`]);
      expect(result).toEqual({ restored: new Set(came), lost: new Set(), spoilt: new Map() });
    },
  );

  it('are read for each blob once, first those with most of the missing bytes, and not at all for none', async () => {
    const [one, two, none] = [packOf([a]), packOf([a, b]), packOf([c])];
    const entries = [one, two, none].map(
      (each) =>
        [
          each,
          { files: [...each.blobs.keys()].map((digest) => [digest, BYTES.get(digest)!] as const) },
        ] as const,
    );
    const { result, asked } = await restore([one, two, none], [a, b], entries);
    expect(asked).toEqual([packKey(two)]);
    expect(result.restored).toEqual(new Set([a.digest, b.digest]));
    expect(await restore([one, two, none], [blob(4)], entries)).toMatchObject({ asked: [], steps: [] });
  });

  it('found K5: and cannot be unpacked are replaced, at whatever form they are', async () => {
    const third = packOf([a, b], 2);
    const end = { kind: 'damaged', reason: 'its archive is cut' } as const;
    const { result, troubles } = await restore([third], [a, b], [[third, { files: filesOf(a), end }]]);
    expect(result).toEqual({
      restored: new Set([a.digest]),
      lost: new Set([pack.hex]),
      spoilt: new Map([[pack.hex, 2]]),
    });
    expect(troubles).toEqual([
      `${short} in the cache is damaged (its archive is cut): it is replaced; gh cache delete ${packKey(pack)}-2 removes it`,
    ]);
  });

  it('found K4: are left to the sources after two failures of one cause', async () => {
    const many = [1, 2, 3, 4, 5, 6, 7, 8].map((at) => packOf([blob(at)]));
    const silent: ReadOutcome = { kind: 'failed', reason: 'it went silent' };
    const { asked, troubles, steps, result } = await restore(
      many,
      many.flatMap(({ blobs }) => [...blobs].map(([digest, size]) => ({ digest, size }))),
      many.map((one) => [one, silent] as const),
    );
    // Four are read at once.
    expect(asked).toHaveLength(4);
    expect(troubles.filter((line) => line.startsWith('nothing more is read'))).toHaveLength(1);
    expect(steps).toEqual(many.map(() => 'failed'));
    expect(result.lost.size).toBe(0);
  });

  it.each([
    (at: number) => `an entry of the cache: cache.example is too slow: ${at}000 bytes in 20 s`,
    (at: number) => `an entry of the cache: the transfer ended after ${at} of ${at}9 bytes`,
  ])('and are slow or cut after another number of bytes each fail of one cause', async (reasonOf) => {
    const many = [1, 2, 3, 4, 5, 6, 7, 8].map((at) => packOf([blob(at)]));
    const { asked } = await restore(
      many,
      many.flatMap(({ blobs }) => [...blobs].map(([digest, size]) => ({ digest, size }))),
      many.map((one, at) => [one, { kind: 'failed', reason: reasonOf(at + 1) }] as const),
    );
    expect(asked).toHaveLength(4);
  });

  it('and fail of different causes do not end the reading', async () => {
    const many = [1, 2, 3, 4].map((at) => packOf([blob(at)]));
    const { asked } = await restore(
      [...many, packOf([blob(5)])],
      [1, 2, 3, 4, 5].map((at) => blob(at)),
      many.map((one, at) => [one, { kind: 'failed', reason: `cause ${at}` }] as const),
    );
    expect(asked).toHaveLength(5);
  });

  it('found K6: are not read beyond what a pack can have, whatever the catalogue claims', async () => {
    const claimed = packOf([a, { ...b, size: 30 * 2 ** 30 }]);
    const { cache } = cacheOf(new Map());
    const limits: number[] = [];
    const read: RemoteCache['read'] = async ({ maxBytes }) => {
      limits.push(maxBytes);
      return { kind: 'miss' };
    };
    const context = { store, emit: () => {}, signal: undefined, trouble: () => {} };
    await restorePacks([claimed], [a], { ...context, cache: { ...cache, read } });
    const large = { digest: c.digest, size: 3 * PACK_BYTES };
    await restorePacks([packOf([large])], [large], { ...context, cache: { ...cache, read } });
    expect(limits).toEqual([PACK_BYTES, large.size]);
  });

  it('are asked for with what the entry may be, and are told with their bytes', async () => {
    const { requests, events } = await restore([pack], [a, b], [[pack, { files: filesOf(a, b) }]]);
    expect(requests).toEqual([
      expect.objectContaining({
        key: packKey(pack),
        match: 'exact',
        folder: `.oci-save/packs/${pack.hex}`,
        maxBytes: 20,
      }),
    ]);
    expect(events).toEqual([
      { type: 'stage', stage: 'restore', total: 1 },
      { type: 'bytes', stage: 'restore', delta: 10 },
      { type: 'bytes', stage: 'restore', delta: 10 },
      { type: 'step', stage: 'restore', subject: short, outcome: 'done' },
    ]);
  });

  it('give what is missing alone: the rest is not read, and nothing twice', async () => {
    const three = packOf([a, b, c]);
    const { result, troubles, steps, events } = await restore(
      [three],
      [b, c],
      [[three, { files: filesOf(a, b, b, c, a) }]],
    );
    expect([troubles, steps]).toEqual([[], ['done']]);
    expect(result.restored).toEqual(new Set([b.digest, c.digest]));
    expect(handed).toEqual([b.digest, c.digest]);
    // The last file is not waited for.
    expect(events.filter(({ type }) => type === 'bytes')).toHaveLength(4);
  });

  it('whose sizes the catalogue has wrong are taken by the sizes that the manifests have', async () => {
    const lying = packOf([
      { digest: a.digest, size: 1 },
      { digest: b.digest, size: 3 },
    ]);
    const right = await restore([lying], [a, b], [[lying, { files: filesOf(a, b) }]]);
    expect([right.troubles, right.requests[0]?.maxBytes]).toEqual([[], 20]);
    expect(right.result.restored).toEqual(new Set([a.digest, b.digest]));
    const rest = await restore([lying], [c], [[lying, { files: filesOf(a, b) }]]);
    expect(rest.asked).toEqual([]);
  });

  it('and hold wrong files beside broken ones count each file once', async () => {
    const files: Entry['files'] = [[c.digest, text(3)], [a.digest, text(9)], ...filesOf(b)];
    const { result, troubles, steps } = await restore([pack], [a, b], [[pack, { files }]]);
    expect([troubles, steps]).toEqual([
      [`${short} in the cache holds 2 files that it must not${REPLACED}`],
      ['failed'],
    ]);
    expect(result.restored).toEqual(new Set([b.digest]));
  });

  it('are read side by side, but four at once at most', async () => {
    let [now, most] = [0, 0];
    const packs = Array.from({ length: 9 }, (_, at) => packOf([blob(at)]));
    const read = async (): Promise<ReadOutcome> => {
      now += 1;
      most = Math.max(most, now);
      await immediate();
      now -= 1;
      return { kind: 'miss' };
    };
    const { cache } = cacheOf(new Map());
    const context = {
      cache: { ...cache, read },
      store,
      emit: () => {},
      signal: undefined,
      trouble: () => {},
    };
    const missing = packs.flatMap(({ blobs }) => [...blobs].map(([digest, size]) => ({ digest, size })));
    const { lost } = await restorePacks(packs, missing, context);
    expect([most, lost.size]).toEqual([4, 9]);
  });

  it('end with the run: the pack that is being read tells nothing, and no further one is asked for', async () => {
    const stop = new AbortController();
    const reason = new Error('stopped');
    const asked: string[] = [];
    const read = async ({ key, signal }: ReadRequest): Promise<ReadOutcome> => {
      asked.push(key);
      expect(signal).toBe(stop.signal);
      await immediate();
      stop.abort(reason);
      return { kind: 'failed', reason: 'aborted' };
    };
    const { cache } = cacheOf(new Map());
    const trouble = (message: string): never => expect.fail(message);
    const context = { cache: { ...cache, read }, store, emit: () => {}, signal: stop.signal, trouble };
    const packs = Array.from({ length: 9 }, (_, at) => packOf([blob(at)]));
    const missing = packs.flatMap(({ blobs }) => [...blobs].map(([digest, size]) => ({ digest, size })));
    await expect(restorePacks(packs, missing, context)).rejects.toBe(reason);
    await immediate();
    expect(asked).toHaveLength(4);
  });

  it('fail the run where the store cannot take them', async () => {
    const full = new OciSaveError({ code: 'local', message: 'the disk is full' });
    for (const broken of [new Error('the disk is gone'), full]) {
      const write: Store['write'] = async (...blob) => ({
        ...(await store.write(...blob)),
        commit: () => Promise.reject(broken),
      });
      const { cache } = cacheOf(new Map([[packKey(pack), { files: filesOf(a) }]]));
      const shared = { emit: () => {}, signal: undefined, trouble: () => {} };
      const context = { cache, store: { ...store, write }, ...shared };
      await expect(restorePacks([pack], [a], context)).rejects.toBe(broken);
    }
  });
});
