import { appendFile, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { opening, readBounded, unlessGone } from '../../files/index.ts';
import { diskError } from '../disk.ts';
import { isHex, type StorePlaces } from '../places.ts';
import { readRecords, writeRecords } from '../records/record-file.ts';
import { liveRuns } from './run-folder.ts';

/** One run's list of blobs that it has looked at. While the run lives, they are leases. */
interface RunList {
  /** When the run started, in milliseconds; 0 where its list does not say it. */
  readonly time: number;
  readonly hexes: readonly string[];
}

/** Lists of runs that are kept as they are; when there are more, they are folded into one. */
const MAX_LISTS = 32;

/** Takes leases. When the promise resolves, the blob stays if it is there. */
export type Lease = (hex: string) => Promise<void>;

/**
 * Opens the list in which a run records the blobs that it may need: no prune of another run takes them. The list outlives
 * the run, and then says what the run used. Many leases are written at once, so that one costs next to nothing.
 *
 * @param settled resolves when no prune runs that may not have seen what was written before: only then does a check of
 *   the store mean anything
 */
export function openLeases(file: string, started: Date, settled: () => Promise<void>): Lease {
  const leased = new Map<string, Promise<void>>();
  let next: { readonly hexes: string[]; readonly written: Promise<void> } | undefined;
  let last: Promise<void> = Promise.resolve();
  let lead = `${started.toISOString()}\n`;

  const write = async (hexes: readonly string[]): Promise<void> => {
    try {
      await opening(appendFile(file, lead + hexes.map((hex) => `${hex}\n`).join('')));
      lead = '';
    } catch (error) {
      // A line that a full disk has cut must not damage the next one.
      lead = '\n';
      for (const hex of hexes) leased.delete(hex);
      throw diskError(error, file) ?? error;
    }
    await settled();
  };
  const startBatch = (): NonNullable<typeof next> => {
    const hexes: string[] = [];
    const go = (): Promise<void> => {
      next = undefined;
      return write(hexes);
    };
    last = last.then(go, go);
    return { hexes, written: last };
  };

  return (hex) => {
    const known = leased.get(hex);
    if (known !== undefined) return known;
    next ??= startBatch();
    next.hexes.push(hex);
    leased.set(hex, next.written);
    return next.written;
  };
}

/** The blobs that live runs have looked at. */
export async function leasedBlobs(places: StorePlaces): Promise<Set<string>> {
  const lists = await readLists(places, await liveRuns(places));
  return new Set(lists.flatMap(({ hexes }) => hexes));
}

/** When each blob was last used: the start of the last run that looked at it, in milliseconds. */
export async function lastUses(places: StorePlaces): Promise<Map<string, number>> {
  const times = await foldedUses(places);
  addUses(times, await readLists(places, await listNames(places)));
  return times;
}

/** Whether the lists of runs have become many. */
export async function hasManyLists(places: StorePlaces): Promise<boolean> {
  return (await listNames(places)).length > MAX_LISTS;
}

/** Folds the lists of ended runs into one time per blob. Blobs that are gone are forgotten. For one run at a time. */
export async function foldUses(places: StorePlaces): Promise<void> {
  const names = await listNames(places);
  // A run that ends from here on is folded next time: its list may still grow.
  const live = new Set(await liveRuns(places));
  const ended = names.filter((name) => !live.has(name));
  const times = await foldedUses(places);
  addUses(times, await readLists(places, ended));
  const here = new Set(await unlessGone(readdir(places.blobs)));
  const kept = [...times].filter(([hex]) => here.has(hex));
  await writeRecords(
    places.used,
    kept.map(([hex, time]) => [hex, new Date(time).toISOString()]),
  );
  for (const name of ended) await rm(path.join(places.uses, name), { force: true });
}

async function foldedUses({ used }: StorePlaces): Promise<Map<string, number>> {
  const records = await readRecords(used);
  return new Map([...records].map(([hex, time]) => [hex, timeOf(time)]));
}

function addUses(times: Map<string, number>, lists: readonly RunList[]): void {
  for (const { time, hexes } of lists)
    for (const hex of hexes) times.set(hex, Math.max(times.get(hex) ?? 0, time));
}

async function listNames({ uses }: StorePlaces): Promise<string[]> {
  return (await unlessGone(readdir(uses))) ?? [];
}

/** The names of a million blobs. */
const MAX_LIST_BYTES = 64 * 1024 * 1024;

/** The lists of these runs, without those that have none. A torn line is skipped. */
async function readLists({ uses }: StorePlaces, names: readonly string[]): Promise<RunList[]> {
  const texts = await Promise.all(names.map((name) => readBounded(path.join(uses, name), MAX_LIST_BYTES)));
  return texts.flatMap((text) => {
    if (text === undefined) return [];
    const [first = '', ...lines] = text.toString('utf8').split('\n');
    return [{ time: timeOf(first), hexes: lines.filter(isHex) }];
  });
}

function timeOf(text: string): number {
  return Date.parse(text) || 0;
}
