import type { BigIntStats } from 'node:fs';
import { lstat, mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import pMap from 'p-map';
import { readBounded, unlessGone } from '../files/index.ts';
import { encodeLock, type Lock } from '../lock/index.ts';
import type { Store } from '../store/index.ts';
import { lockBeside } from './output/beside-output.ts';
import type { OutputFolder } from './output/output-folder.ts';
import { writePart } from './write-file.ts';
import { type BundleTree, LOCK_FILE, type TreeFile } from './tree.ts';
import { writeTree } from './write-tree.ts';

export interface WantedBundle {
  readonly tree: BundleTree;
  readonly lock: Lock;
  /** The path at which it appears. */
  readonly output: string;
  /** True where there is one view, with the lock beside it. */
  readonly lockBeside: boolean;
  readonly store: Store;
}

/** Where the bundle's lock is, or will be. */
export function lockFileOf({
  output,
  lockBeside: beside,
}: Pick<WantedBundle, 'output' | 'lockBeside'>): string {
  return beside ? lockBeside(output) : path.join(output, LOCK_FILE);
}

/** Whether the wanted bundle is at its path already, unchanged. */
export function isBundleUpToDate(wanted: WantedBundle): Promise<boolean> {
  const { tree, lock, output, store } = wanted;
  const lockFile = lockFileOf(wanted);
  return holdsSameBundle({ folder: output, tree, lockFile, lockBytes: encodeLock(lock), pool: store });
}

/**
 * Builds a bundle beside its path. Returns the files to publish with it, whole under their part names. Throws
 * DamagedBlobError where a blob is wrong or gone, or the error of the system; nothing is left then.
 */
export async function buildBundle(
  wanted: WantedBundle,
  { staging }: Pick<OutputFolder, 'staging'>,
  signal?: AbortSignal,
): Promise<string[]> {
  const { tree, lock, store } = wanted;
  try {
    // An attempt that met a damaged blob is repeated.
    await rm(staging, { recursive: true, force: true });
    await mkdir(staging, { mode: 0o755 });
    await writeTree(tree, staging, store, signal);
    if (!wanted.lockBeside) return [];
    // A folder counts as foreign without a lock that names it: the lock takes its name before.
    await writePart(lockFileOf(wanted), encodeLock(lock));
    return [lockFileOf(wanted)];
  } catch (error) {
    // On a full disk, the report of this failure needs the room.
    await rm(staging, { recursive: true, force: true });
    throw error;
  }
}

/** File operations at once: beyond this the file system gains nothing. */
const PARALLEL = 32;

interface Comparison {
  readonly folder: string;
  /** What the folder should hold. */
  readonly tree: BundleTree;
  /** The file of the bundle's lock, in the folder or beside it, and its bytes as they should be. */
  readonly lockFile: string;
  readonly lockBytes: Uint8Array;
  readonly pool: Pick<Store, 'pathOf'>;
}

/**
 * Whether the bundle in a folder is already the wanted one, unchanged: the same lock, every file of the tree with its kind
 * and size, the files that we write with their bytes. No blob is hashed: on the store's volume each is the store's own
 * file, whose stamp the store knows; a copy on another volume is older than the lock, which is written after it. Other
 * files are ignored.
 */
export async function holdsSameBundle({
  folder,
  tree,
  lockFile,
  lockBytes,
  pool,
}: Comparison): Promise<boolean> {
  const lock = await statOf(lockFile);
  if (lock === undefined || !(await holdsBytes(lockFile, lock, lockBytes))) return false;
  const at = (name: string): string => path.join(folder, ...name.split('/'));
  const originals = new Map(tree.flatMap((file) => (file.kind === 'blob' ? [[file.path, file]] : [])));
  const isAsWanted = async (file: TreeFile): Promise<boolean> => {
    const stats = await statOf(at(file.path));
    if (stats === undefined) return false;
    if (file.kind === 'bytes') return holdsBytes(at(file.path), stats, file.bytes);
    const blob = file.kind === 'blob' ? file : originals.get(file.to);
    const stored = blob && (await statOf(pool.pathOf(blob.digest)));
    return stats.size === BigInt(file.size) && stored !== undefined && isUntouched(stats, stored, lock);
  };
  let differs = false;
  const check = async (file: TreeFile): Promise<void> => {
    if (!differs && !(await isAsWanted(file))) differs = true;
  };
  await pMap(tree, check, { concurrency: PARALLEL });
  return !differs;
}

function isUntouched(stats: BigIntStats, stored: BigIntStats, lock: BigIntStats): boolean {
  return stats.dev === stored.dev ? stats.ino === stored.ino : stats.mtimeNs <= lock.mtimeNs;
}

/** Undefined where there is no regular file. */
async function statOf(file: string): Promise<BigIntStats | undefined> {
  const stats = await unlessGone(lstat(file, { bigint: true }));
  return stats?.isFile() === true ? stats : undefined;
}

async function holdsBytes(file: string, { size }: BigIntStats, bytes: Uint8Array): Promise<boolean> {
  if (size !== BigInt(bytes.length)) return false;
  const held = await readBounded(file, bytes.length);
  return held !== undefined && held.equals(bytes);
}
