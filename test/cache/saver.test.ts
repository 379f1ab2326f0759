import { setImmediate as immediate } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { packKey } from '../../src/cache/keys.ts';
import { packOf } from '../../src/cache/packing.ts';
import type { NewEntry, RemoteCache, SaveOutcome } from '../../src/cache/port.ts';
import { createSaver, TOO_LATE } from '../../src/cache/saver.ts';
import type { SaveEvent } from '../../src/events.ts';
import { digestOf, hexOf } from '../../src/oci/digest.ts';
import { openStore, type Store } from '../../src/store/index.ts';
import { tempFolder, type TempFolder } from '../support/temp.ts';

let temp: TempFolder;
let store: Store;
beforeEach(async () => {
  temp = await tempFolder('saver');
  store = await openStore(temp.path);
});
afterEach(async () => {
  await store.close();
  await temp.close();
});

const blob = (at: number) => ({ digest: digestOf(Buffer.from(String(at))), size: 1 });
const [a, b, c] = [blob(1), blob(2), blob(3)];
const packs = [packOf([a, b]), packOf([c])];

/** A cache that tells when it is given an entry, and answers as it is told. */
function memory(answer: () => SaveOutcome): {
  cache: RemoteCache;
  entries: NewEntry[];
  next: () => Promise<void>;
} {
  const entries: NewEntry[] = [];
  let told = Promise.withResolvers<void>();
  const cache: RemoteCache = {
    unavailable: undefined,
    readable: true,
    writable: true,
    read: async () => ({ kind: 'miss' }),
    async save(entry) {
      entries.push(entry);
      told.resolve();
      told = Promise.withResolvers<void>();
      return answer();
    },
    close: async () => {},
  };
  return { cache, entries, next: () => told.promise };
}

const troubles: string[] = [];
const logs: string[] = [];
beforeEach(() => {
  troubles.splice(0);
  logs.splice(0);
});
const context = (cache: RemoteCache, signal?: AbortSignal) => ({
  cache,
  store,
  emit: (event: SaveEvent) => void (event.type === 'log' && logs.push(`${event.level}: ${event.message}`)),
  signal,
  trouble: (message: string) => void troubles.push(message),
});

it('saves a pack as soon as its last blob has landed, while others are on their way', async () => {
  const { cache, entries, next } = memory(() => ({ kind: 'saved' }));
  const missing = new Set([a.digest, b.digest, c.digest]);
  const saver = createSaver(packs, { missing, bytes: 7 }, context(cache));
  saver.landed(b.digest);
  await immediate();
  expect(entries).toEqual([]);
  const begun = next();
  saver.landed(a.digest);
  await begun;
  expect(entries.map(({ folder, leaveFree }) => [folder, leaveFree])).toEqual([
    [`.oci-save/packs/${packs[0]!.hex}`, 7],
  ]);
  saver.landed(c.digest);
  await saver.finish();
  expect(saver.soFar().saved).toEqual(packs);
});

it('saves packs that are there at once, and a pack that lacks a blob without it', async () => {
  const { cache, entries } = memory(() => ({ kind: 'saved' }));
  const saver = createSaver(packs, { missing: new Set([a.digest]), bytes: 0 }, context(cache));
  await saver.finish();
  expect(saver.soFar().saved).toEqual([packOf([c]), packOf([b])]);
  await saver.finish();
  expect(entries).toHaveLength(2);
});

it('goes on after a pack that fails or is there already, and tells them apart', async () => {
  const answers: SaveOutcome[] = [{ kind: 'failed', reason: 'broke' }, { kind: 'exists' }];
  const { cache, entries } = memory(() => answers[entries.length - 1]!);
  const saver = createSaver(packs, { missing: new Set(), bytes: 0 }, context(cache));
  await saver.finish();
  expect(saver.soFar()).toEqual({ saved: [], known: [packs[1]], stopped: undefined, isRefused: false });
  expect(troubles).toEqual([
    expect.stringMatching(/^pack .*, 2 blobs, .* is not saved to the cache: broke$/),
  ]);
  expect(logs).toEqual([expect.stringMatching(/^info: in the cache already: pack \w{12}, 1 blob, 1 B$/)]);
});

it.each(['denied', 'limited', 'unavailable'] as const)(
  'reports that saving is %s once, and saves nothing more',
  async (kind) => {
    const { cache, entries } = memory(() => ({ kind, reason: 'no' }));
    const many = Array.from({ length: 20 }, (_, at) => packOf([blob(at)]));
    const saver = createSaver(many, { missing: new Set(), bytes: 0 }, context(cache));
    await saver.finish();
    expect(saver.soFar()).toMatchObject({ stopped: 'no', isRefused: true });
    // Two may be under way.
    expect(entries.length).toBeLessThanOrEqual(2);
    expect(troubles).toEqual([expect.stringContaining('is not saved to the cache: no')]);
  },
);

it('keeps the first of several refusals', async () => {
  const reasons = ['first', 'second'];
  const { cache } = memory(() => ({ kind: 'limited', reason: reasons.shift() ?? 'more' }));
  const saver = createSaver(packs, { missing: new Set(), bytes: 0 }, context(cache));
  await saver.finish();
  expect(saver.soFar().stopped).toBe('first');
  expect(troubles).toEqual([expect.stringMatching(/: first$/)]);
});

it('hands over the files of the store under their digests, and says what it saved', async () => {
  const { cache, entries } = memory(() => ({ kind: 'saved' }));
  await createSaver([packOf([a, b])], { missing: new Set(), bytes: 0 }, context(cache)).finish();
  const [pack] = packs;
  expect(entries).toEqual([
    {
      key: `oci-save-v1-pack-${pack?.hex}`,
      folder: `.oci-save/packs/${pack?.hex}`,
      files: [a, b].map(({ digest }) => ({ name: hexOf(digest), size: 1, file: store.pathOf(digest) })),
      leaveFree: 0,
    },
  ]);
  expect(logs).toEqual([`info: saved to the cache: pack ${pack?.hex.slice(0, 12)}, 2 blobs, 2 B`]);
});

it('saves two packs at once, and no more', async () => {
  let [now, most] = [0, 0];
  const { cache } = memory(() => ({ kind: 'saved' }));
  const save = async (): Promise<SaveOutcome> => {
    now += 1;
    most = Math.max(most, now);
    await immediate();
    now -= 1;
    return { kind: 'saved' };
  };
  const many = Array.from({ length: 6 }, (_, at) => packOf([blob(at)]));
  const saver = createSaver(many, { missing: new Set(), bytes: 0 }, context({ ...cache, save }));
  await saver.finish();
  expect(saver.soFar().saved).toHaveLength(6);
  expect(most).toBe(2);
});

it('leaves out a pack of which nothing came, and minds neither a blob of none nor one that landed twice', async () => {
  const { cache, entries } = memory(() => ({ kind: 'saved' }));
  const missing = new Set([a.digest, b.digest, c.digest]);
  const saver = createSaver(packs, { missing, bytes: 0 }, context(cache));
  saver.landed(blob(9).digest);
  for (const _ of [1, 2]) for (const { digest } of [a, b]) saver.landed(digest);
  await saver.finish();
  expect(saver.soFar().saved).toEqual([packs[0]]);
  expect(entries).toHaveLength(1);
});

it('ends with the run: a save under way tells nothing, and none is begun', async () => {
  const stop = new AbortController();
  const reason = new Error('stopped');
  const { cache, entries } = memory(() => {
    stop.abort(reason);
    return { kind: 'failed', reason: 'aborted' };
  });
  const many = Array.from({ length: 6 }, (_, at) => packOf([blob(at)]));
  const saver = createSaver(many, { missing: new Set(), bytes: 0 }, context(cache, stop.signal));
  await saver.finish();
  expect([entries.length <= 2, troubles]).toEqual([true, []]);
});

it('saves a hundred packs in a minute, and stops waiting for the next one with the run', async () => {
  const stop = new AbortController();
  const all = Promise.withResolvers<void>();
  const { cache, entries } = memory(() => {
    if (entries.length === 100) all.resolve();
    return { kind: 'saved' };
  });
  const many = Array.from({ length: 102 }, (_, at) => packOf([blob(at)]));
  const saver = createSaver(many, { missing: new Set(), bytes: 0 }, context(cache, stop.signal));
  await all.promise;
  await immediate();
  stop.abort();
  await expect(saver.finish()).rejects.toThrow(/abort/);
  expect(entries).toHaveLength(100);
});

it('found K4: saves nothing more after two failures of one cause', async () => {
  const { cache, entries } = memory(() => ({ kind: 'failed', reason: 'broke' }));
  const many = Array.from({ length: 20 }, (_, at) => packOf([blob(at)]));
  const saver = createSaver(many, { missing: new Set(), bytes: 0 }, context(cache));
  await saver.finish();
  expect(saver.soFar()).toMatchObject({ stopped: 'broke', isRefused: false });
  expect(entries.length).toBeLessThanOrEqual(3);
});

it('found K3: leaves a service that takes an upload and says nothing when the time is up', async () => {
  const held = memory(() => ({ kind: 'saved' }));
  const silent = Promise.withResolvers<SaveOutcome>();
  const cache: RemoteCache = {
    ...held.cache,
    save: (entry) => (entry.key === packKey(packOf([c])) ? silent.promise : held.cache.save(entry)),
  };
  troubles.splice(0);
  const saver = createSaver(packs, { missing: new Set(), bytes: 0 }, context(cache));
  const begun = held.next();
  await begun;
  await immediate();
  expect(saver.soFar().saved).toEqual([packs[0]]);
  saver.leave();
  expect(saver.soFar()).toEqual({ saved: [packs[0]], known: [], stopped: TOO_LATE, isRefused: false });
  silent.resolve({ kind: 'failed', reason: 'too late' });
  await saver.finish();
  expect(troubles).toEqual([]);
});
