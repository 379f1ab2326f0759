import { setImmediate as immediate } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { packKey } from '../../src/cache/keys.ts';
import { packOf } from '../../src/cache/packing.ts';
import type { NewEntry, RemoteCache, SaveOutcome } from '../../src/cache/port.ts';
import { createSaver, TOO_LATE } from '../../src/cache/saver.ts';
import { digestOf } from '../../src/oci/digest.ts';
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
const context = (cache: RemoteCache) => ({
  cache,
  store,
  emit: () => {},
  signal: undefined,
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
  expect(entries).toHaveLength(2);
});

it('goes on after a pack that fails or is there already, and tells them apart', async () => {
  const answers: SaveOutcome[] = [{ kind: 'failed', reason: 'broke' }, { kind: 'exists' }];
  const { cache, entries } = memory(() => answers[entries.length - 1]!);
  troubles.splice(0);
  const saver = createSaver(packs, { missing: new Set(), bytes: 0 }, context(cache));
  await saver.finish();
  expect(saver.soFar()).toEqual({ saved: [], known: [packs[1]], stopped: undefined });
  expect(troubles).toEqual([
    expect.stringMatching(/^pack .*, 2 blobs, .* is not saved to the cache: broke$/),
  ]);
  troubles.splice(0);
});

it('reports a refusal once, and saves nothing more', async () => {
  const { cache, entries } = memory(() => ({ kind: 'denied', reason: 'no' }));
  const many = Array.from({ length: 20 }, (_, at) => packOf([blob(at)]));
  const saver = createSaver(many, { missing: new Set(), bytes: 0 }, context(cache));
  await saver.finish();
  expect(saver.soFar().stopped).toBe('no');
  // Two may be under way.
  expect(entries.length).toBeLessThanOrEqual(2);
  expect(troubles).toEqual([expect.stringContaining('is not saved to the cache: no')]);
});

it('found K4: saves nothing more after two failures of one cause', async () => {
  const { cache, entries } = memory(() => ({ kind: 'failed', reason: 'broke' }));
  const many = Array.from({ length: 20 }, (_, at) => packOf([blob(at)]));
  const saver = createSaver(many, { missing: new Set(), bytes: 0 }, context(cache));
  await saver.finish();
  expect(saver.soFar().stopped).toBe('broke');
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
  expect(saver.soFar()).toEqual({ saved: [packs[0]], known: [], stopped: TOO_LATE });
  silent.resolve({ kind: 'failed', reason: 'too late' });
  await saver.finish();
  expect(troubles).toEqual([]);
});
