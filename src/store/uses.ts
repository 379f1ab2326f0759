import { readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { unlessGone } from '../files/index.ts';
import { isHex, type StorePlaces } from './places.ts';
import { readRecords, writeRecords } from './record-file.ts';
import { liveRuns } from './run-folder.ts';

/** What one run used, from its own list. */
interface RunUse {
  /** When it began, in milliseconds; 0 where its list does not say so. */
  readonly time: number;
  readonly hexes: readonly string[];
}

/** Lists of runs that are kept as they are; more are folded into one. */
const MAX_LISTS = 32;

/** When each blob was last used: when the last run began that looked at it, in milliseconds. */
export async function lastUses(places: StorePlaces): Promise<Map<string, number>> {
  const times = await foldedUses(places);
  for (const use of await readUses(places.uses)) addUse(times, use);
  return times;
}

/** The blobs that runs at work have looked at. */
export async function pinnedBlobs(places: StorePlaces): Promise<Set<string>> {
  const live = await liveRuns(places);
  const uses = await Promise.all(live.map((name) => readUse(places.uses, name)));
  return new Set(uses.flatMap((use) => use?.hexes ?? []));
}

/** Whether the lists of runs have become many. */
export async function wantsFolding({ uses }: StorePlaces): Promise<boolean> {
  return ((await unlessGone(readdir(uses))) ?? []).length > MAX_LISTS;
}

/**
 * Folds the lists of ended runs into one time a blob. Blobs that are gone are forgotten. To be called by one run at a
 * time.
 */
export async function foldUses(places: StorePlaces): Promise<void> {
  const names = (await unlessGone(readdir(places.uses))) ?? [];
  // Whoever ends after this look is folded next time: its list may still grow.
  const live = new Set(await liveRuns(places));
  const ended = names.filter((name) => !live.has(name));
  const times = await foldedUses(places);
  for (const name of ended) {
    const use = await readUse(places.uses, name);
    if (use !== undefined) addUse(times, use);
  }
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

function addUse(times: Map<string, number>, { time, hexes }: RunUse): void {
  for (const hex of hexes) times.set(hex, Math.max(times.get(hex) ?? 0, time));
}

async function readUses(folder: string): Promise<RunUse[]> {
  const names = (await unlessGone(readdir(folder))) ?? [];
  const uses: RunUse[] = [];
  for (const name of names) {
    const use = await readUse(folder, name);
    if (use !== undefined) uses.push(use);
  }
  return uses;
}

/** Undefined where the run has no list. A torn line is passed over. */
async function readUse(folder: string, name: string): Promise<RunUse | undefined> {
  const text = await unlessGone(readFile(path.join(folder, name), 'utf8'));
  if (text === undefined) return undefined;
  const [first = '', ...lines] = text.split('\n');
  return { time: timeOf(first), hexes: lines.filter(isHex) };
}

function timeOf(text: string): number {
  return Date.parse(text) || 0;
}
