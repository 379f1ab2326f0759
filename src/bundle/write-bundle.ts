import { rm } from 'node:fs/promises';
import path from 'node:path';
import { encodeLock, type Lock } from '../lock/index.ts';
import type { Store } from '../store/index.ts';
import { lockBeside, type OutputFolder } from './output-folder.ts';
import { writeFileWhole } from './write-file.ts';
import { type BundleTree, LOCK_FILE } from './tree.ts';
import { writeTree } from './write-tree.ts';

export interface BundleWrite {
  readonly tree: BundleTree;
  readonly lock: Lock;
  /** The path at which it appears. */
  readonly output: string;
  readonly folder: OutputFolder;
  /** True where one view stands alone, and the lock beside it. */
  readonly lockBeside: boolean;
  readonly store: Store;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Builds a bundle and puts it at its path when it is whole; returns that path and its lock's. Throws `digest` where
 * a blob changed,
 * `local` where somebody put something at the output meanwhile, or what the file system says.
 */
export async function writeBundle(write: BundleWrite): Promise<{ path: string; lock: string }> {
  const { tree, lock, output, folder, store, signal } = write;
  const beside = lockBeside(output);
  try {
    await writeTree(tree, folder.staging, store, signal);
  } catch (error) {
    // On a full disk, the report of this failure needs the room.
    await rm(folder.staging, { recursive: true, force: true });
    throw error;
  }
  await folder.lookAgain();
  // Before the folder: without a lock that names it, a folder counts as somebody else's.
  if (write.lockBeside) await writeFileWhole(beside, encodeLock(lock));
  await folder.publish();
  if (!write.lockBeside) await rm(beside, { force: true });
  return { path: output, lock: write.lockBeside ? beside : path.join(output, LOCK_FILE) };
}
