import { existsSync } from 'node:fs';
import { link, mkdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { digestOf, hexOf } from '../../../src/oci/digest.ts';
import { openStore, pruneStore, type Store } from '../../../src/store/index.ts';
import { tempFolder, type TempFolder } from '../../support/temp.ts';
import type { Spell } from './turns.ts';

// The worker has modules of other files' tests: they are loaded anew, with these in place of Node's.
const turns = await vi.hoisted(async () => {
  vi.resetModules();
  return new (await import('./turns.ts')).Turns();
});
vi.mock('node:fs/promises', async (original) => turns.taking(await original<object>()));
vi.mock('node:timers/promises', () => ({ setTimeout: () => turns.pause() }));

const BLOBS = ['a', 'b', 'c', 'd'].map((text) => {
  const bytes = new TextEncoder().encode(`blob ${text}`);
  return { bytes, digest: digestOf(bytes), size: bytes.length };
});
const PRIVATE = { repository: 'registry.example/team/app', isPrivate: true };
/** These two are in the store before; the last one is linked by a bundle. */
const [EARLIER, LINKED] = [BLOBS.slice(0, 2), BLOBS.slice(3)];

let temp: TempFolder;
beforeAll(async () => (temp = await tempFolder('turns')));
afterAll(async () => {
  await temp.close();
  vi.doUnmock('node:fs/promises');
  vi.doUnmock('node:timers/promises');
  vi.resetModules();
});

interface Run {
  /** Which blobs it wants, by number, in this order. */
  readonly wants: readonly number[];
  /** Whether it opens the store before the others begin. */
  readonly early: boolean;
  /** Prunes to nothing when it has all of them. */
  readonly prunes: boolean;
}

const runs: fc.Arbitrary<Run> = fc.record({
  wants: fc.uniqueArray(fc.nat(2), { minLength: 1, maxLength: 3 }),
  early: fc.boolean(),
  prunes: fc.boolean(),
});

const orders = fc.tuple(
  fc.array(runs, { minLength: 1, maxLength: 2 }),
  fc.integer({ min: 1, max: 2 }),
  fc.array(fc.record({ actor: fc.nat(3), calls: fc.oneof(fc.constant(1), fc.nat(25)) }), {
    maxLength: 40,
    size: 'max',
  }),
);
let count = 0;

describe('any order of the file system calls of runs and prunes', () => {
  it('keeps every leased blob at every moment, every blob that a bundle links, and (found B9) the marks of private ones', async () => {
    await fc.assert(
      fc.asyncProperty(orders, async ([wanted, prunes, spells]) => {
        count += 1;
        const folder = path.join(temp.path, String(count));
        expect(await check(folder, { wanted, prunes, spells, build: true })).toEqual([]);
      }),
      { numRuns: 100, endOnFailure: true },
    );
  }, 120_000);

  it('loses no leased blob in the end, even where runs thought that a prune was dead and did not wait for it', async () => {
    let now = Date.now();
    const clock = vi.spyOn(Date, 'now').mockImplementation(() => (now += 61_000));
    try {
      await fc.assert(
        fc.asyncProperty(orders, async ([wanted, prunes, spells]) => {
          count += 1;
          now = new Date().getTime();
          const folder = path.join(temp.path, String(count));
          expect(await check(folder, { wanted, prunes, spells, build: false })).toEqual([]);
        }),
        { numRuns: 100, endOnFailure: true },
      );
    } finally {
      clock.mockRestore();
    }
  }, 120_000);
});

interface Order {
  readonly wanted: readonly Run[];
  readonly prunes: number;
  readonly spells: readonly Spell[];
  /** Whether runs link what they want and end, and each blob must be there at every moment; else in the end. */
  readonly build: boolean;
}

/** Returns what is not in the store in the end of what bundles link or runs have looked at. */
async function check(folder: string, { wanted, prunes, spells, build }: Order): Promise<string[]> {
  await mkdir(folder);
  const earlier = await openStore(folder);
  for (const { bytes } of [...EARLIER, ...LINKED]) await earlier.put(bytes, PRIVATE);
  for (const { digest } of LINKED) await link(earlier.pathOf(digest), path.join(folder, hexOf(digest)));
  await earlier.close();
  const early: (Store | undefined)[] = [];
  for (const run of wanted) early.push(run.early ? await openStore(folder) : undefined);

  /** What must be there from now on, and who says so. */
  const relied = new Map(LINKED.map(({ digest }) => [earlier.pathOf(digest), ['what a bundle links']]));
  const work = async ({ wants, prunes: atEnd }: Run, store: Store, at: number): Promise<void> => {
    for (const wish of wants) {
      const blob = BLOBS[wish];
      if (blob === undefined) throw new Error('no such blob');
      if (!(await store.has(blob))) await store.put(blob.bytes, PRIVATE);
      const file = store.pathOf(blob.digest);
      relied.set(file, [...(relied.get(file) ?? []), `what run ${at} wants`]);
    }
    if (atEnd) await store.prune(0);
    if (!build) return;
    const bundle = path.join(folder, `bundle-${at}`);
    await mkdir(bundle);
    for (const wish of wants) {
      const blob = BLOBS[wish];
      if (blob === undefined) throw new Error('no such blob');
      const name = path.join(bundle, hexOf(blob.digest));
      await link(store.pathOf(blob.digest), name);
      if (digestOf(await readFile(name)) !== blob.digest) throw new Error('other bytes');
    }
    for (const [file, by] of relied) {
      relied.set(
        file,
        by.filter((who) => who !== `what run ${at} wants`),
      );
    }
    await store.close();
  };
  await turns.drive(
    [
      ...wanted.map((run, at) => async () => work(run, early[at] ?? (await openStore(folder)), at)),
      ...Array.from({ length: prunes }, () => () => pruneStore(folder, { rule: { kind: 'all' } })),
    ],
    spells,
    () => {
      for (const [file, [who]] of relied) {
        if (build && who !== undefined && !existsSync(file)) throw new Error(`${who} is gone`);
      }
    },
  );
  const lost = [...relied.keys()].filter((file) => !existsSync(file));
  const { origins } = await openStore(folder, { asksAgain: true });
  const bare = BLOBS.filter(({ digest }) => existsSync(earlier.pathOf(digest)) && !origins.hides(digest));
  if (build && bare.length > 0) throw new Error(`blobs without their marks: ${bare.length}`);
  await rm(folder, { recursive: true });
  return lost;
}
