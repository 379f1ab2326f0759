import path from 'node:path';
import { OciSaveError } from '../../errors.ts';
import { readStart } from '../../files/index.ts';
import { type Lock, MAX_LOCK_BYTES, parseLock } from '../../lock/index.ts';
import { digestOf } from '../../oci/digest.ts';
import { explainBundle } from './bundle-explanation.ts';
import { readFolder } from './folder-content.ts';
import { findForeign, type FolderFindings, type ForeignContent } from './foreign-content.ts';
import { LOCK_FILE, SUMS_FILE, sumsIn, type View } from '../tree.ts';

/** A bundle's folder compared with the lock that accounts for most of it. */
export interface BundleFindings extends FolderFindings {
  readonly lockFile: string;
  /** Show a change of the folder: see `isUnchanged`. */
  readonly stamps: ReadonlyMap<string, string>;
}

/** No index.json of a layout that a registry serves is larger. */
const MAX_INDEX_BYTES = 64 * 1024 * 1024;
/** A file that a bundle's sums name is hashed up to this size, where the lock does not name it. */
const MAX_SUMMED_BYTES = 256 * 1024 * 1024;
/** Names in a folder beyond those that its lock accounts for. */
const MORE_NAMES = 100_000;
/** A bundle of one view does not say which: it is the one that accounts for more of the folder. */
const SINGLE_VIEWS: readonly View[][] = [['zot'], ['oci']];

/**
 * Compares a bundle's folder with its lock. Reads names, each index.json, and the lock; no layer is read or hashed.
 * @param besides locks that may be beside a bundle of one view
 * @returns undefined where no lock says that the folder is a bundle
 * @throws OciSaveError `machine` where it holds far more than its lock accounts for; the error of the system
 */
export async function inspectBundle(
  folder: string,
  besides: readonly string[],
): Promise<BundleFindings | undefined> {
  const inside = path.join(folder, LOCK_FILE);
  const lock = await lockAt(inside);
  if (lock !== undefined) return compare(folder, [{ lockFile: inside, lock, views: ['oci', 'zot'] }]);
  const candidates: Candidate[] = [];
  for (const lockFile of besides) {
    const beside = await lockAt(lockFile);
    if (beside) candidates.push(...SINGLE_VIEWS.map((views) => ({ lockFile, lock: beside, views })));
  }
  return candidates.length === 0 ? undefined : compare(folder, candidates);
}

interface Candidate {
  readonly lockFile: string;
  readonly lock: Lock;
  readonly views: readonly View[];
}

async function compare(
  folder: string,
  candidates: readonly Candidate[],
): Promise<BundleFindings | undefined> {
  const sumsFile = await readStart(path.join(folder, SUMS_FILE), MAX_INDEX_BYTES);
  const sums = sumsIn(sumsFile?.bytes.toString('utf8') ?? '');
  const expected = candidates.map(({ lock }) => 16 * (Object.keys(lock.blobs).length + lock.images.length));
  const { content, stamps } = await readFolder(folder, {
    wanted: ['index.json'],
    maxBytes: MAX_INDEX_BYTES,
    maxNames: Math.max(...expected) + MORE_NAMES,
  });
  let best: BundleFindings | undefined;
  for (const { lockFile, lock, views } of candidates) {
    const explained = unlessInvalid(() => explainBundle(lock, views, sums));
    if (explained === undefined) continue;
    const found = findForeign(content, explained);
    if (best === undefined || found.foreign.length < best.foreign.length)
      best = { ...found, lockFile, stamps };
    if (best.foreign.length === 0) break;
  }
  if (best === undefined) return undefined;
  const foreign: ForeignContent[] = [];
  for (const one of best.foreign) if (!(await isSummed(folder, one, sums))) foreign.push(one);
  return { ...best, foreign };
}

/** Undefined where a lock cannot be read, or has invalid names: then it is not ours. */
function unlessInvalid<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof OciSaveError) return undefined;
    throw error;
  }
}

/** Whether a file that this version does not know matches the bundle's sums: another version wrote it. */
async function isSummed(
  folder: string,
  { path: place, kind }: ForeignContent,
  sums: ReturnType<typeof sumsIn>,
): Promise<boolean> {
  const sum = kind === 'file' ? sums.get(place) : undefined;
  if (sum === undefined) return false;
  const read = await readStart(path.join(folder, place), MAX_SUMMED_BYTES);
  return read !== undefined && digestOf(read.bytes) === sum;
}

/** The lock in a file; undefined where there is no such file, or it is not a lock. */
async function lockAt(file: string): Promise<Lock | undefined> {
  const read = await readStart(file, MAX_LOCK_BYTES);
  if (read === undefined || read.size > MAX_LOCK_BYTES) return undefined;
  return unlessInvalid(() => parseLock(read.bytes, file));
}
