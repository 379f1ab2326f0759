import { rename, rm } from 'node:fs/promises';
import { exists } from '../files/index.ts';
import { linkOrCopy } from '../store/index.ts';
import { keptLock, lockBeside } from './output-lock.ts';

/**
 * A bundle of one view and the lock beside it are replaced one after the other. Between the two, or where a run is killed there,
 * the lock does not tell what the folder holds. So the earlier lock is kept aside until both are there.
 *
 * @param lockFile the lock that names the bundle now: beside it, aside, or in it
 */
export async function keepLock(output: string, lockFile: string | undefined): Promise<void> {
  const [beside, kept] = [lockBeside(output), keptLock(output)];
  if (lockFile === kept) await rename(kept, beside);
  await rm(kept, { force: true });
  if (lockFile === kept || lockFile === beside) await linkOrCopy(beside, kept);
}

/** Puts the earlier lock back where the earlier bundle stays; else it goes. */
export async function settleLock(output: string, isReplaced: boolean): Promise<void> {
  const kept = keptLock(output);
  if (!isReplaced && (await exists(kept))) await rename(kept, lockBeside(output));
  // Two names of one file stay two when one is renamed to the other.
  await rm(kept, { force: true });
}
