import { rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { exists, isFolder } from '../../files/index.ts';
import { linkOrCopy } from '../../store/index.ts';
import { LOCK_FILE } from '../tree.ts';

/** The path of a file beside an output: `.<name>.<suffix>`. */
export function besideOutput(output: string, suffix: string): string {
  return path.join(path.dirname(output), `.${path.basename(output)}.${suffix}`);
}

/** The lock that names a bundle of one view: it is beside the folder. */
export function lockBeside(output: string): string {
  return `${output}.lock.json`;
}

/** The copy of the lock beside the earlier bundle: see `keepLock`. */
export function keptLock(output: string): string {
  return besideOutput(output, 'old.lock.json');
}

/**
 * Keeps the earlier lock under another name until the new bundle and its lock are there: a bundle of one view and the lock
 * beside it are replaced one after the other, and after a kill between the two the lock does not match the folder.
 * @param lockFile the lock that names the bundle now: beside it, kept, or in it
 */
export async function keepLock(output: string, lockFile: string | undefined): Promise<void> {
  const [beside, kept] = [lockBeside(output), keptLock(output)];
  if (lockFile === kept) await rename(kept, beside);
  await rm(kept, { force: true });
  if (lockFile === kept || lockFile === beside) await linkOrCopy(beside, kept);
}

/**
 * The same before an archive alone replaces that lock by its own, which has the same name: the next save of a bundle finds
 * the kept one.
 */
export async function keepLockOfBundle(output: string): Promise<void> {
  const [beside, kept] = [lockBeside(output), keptLock(output)];
  const isNeeded = (await isFolder(output)) && !(await exists(path.join(output, LOCK_FILE)));
  if (isNeeded && (await exists(beside)) && !(await exists(kept))) await linkOrCopy(beside, kept);
}

/** Removes the kept lock, where bundle and lock are of one run. */
export async function forgetLock(output: string): Promise<void> {
  await rm(keptLock(output), { force: true });
}
