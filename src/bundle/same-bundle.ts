import type { BigIntStats } from 'node:fs';
import { lstat, readFile } from 'node:fs/promises';
import path from 'node:path';
import pLimit from 'p-limit';
import { unlessGone } from '../files/index.ts';
import type { Store } from '../store/index.ts';
import type { BundleTree, TreeFile } from './tree.ts';

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
  const limit = pLimit(PARALLEL);
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
  await Promise.all(tree.map((file) => limit(check, file)));
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
  const held = await unlessGone(readFile(file));
  return held !== undefined && held.equals(bytes);
}
