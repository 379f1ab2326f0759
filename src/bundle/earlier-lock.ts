import { rename, rm } from 'node:fs/promises';
import { linkOrCopy } from '../store/index.ts';
import { keptLock, lockBeside } from './beside-output.ts';

/**
 * A bundle of one view and the lock beside it are replaced one after the other. Where a run is killed between the two, the
 * lock does not tell what the folder holds. So the earlier lock is kept aside until both are there.
 *
 * @param lockFile the lock that names the bundle now: beside it, aside, or in it
 */
export async function keepLock(output: string, lockFile: string | undefined): Promise<void> {
  const [beside, kept] = [lockBeside(output), keptLock(output)];
  if (lockFile === kept) await rename(kept, beside);
  await rm(kept, { force: true });
  if (lockFile === kept || lockFile === beside) await linkOrCopy(beside, kept);
}

/** Where bundle and lock are of one run, whichever, the lock that was kept aside goes. */
export async function forgetLock(output: string): Promise<void> {
  await rm(keptLock(output), { force: true });
}
