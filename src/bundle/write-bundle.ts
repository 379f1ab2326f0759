import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { encodeLock, type Lock } from '../lock/index.ts';
import type { Store } from '../store/index.ts';
import { lockBeside } from './output/beside-output.ts';
import type { OutputFolder } from './output/output-folder.ts';
import { holdsSameBundle } from './same-bundle.ts';
import { writePart } from './write-file.ts';
import { type BundleTree, LOCK_FILE } from './tree.ts';
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
