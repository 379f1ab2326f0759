import { lockFileIn, readLock } from '../../../bundle/index.ts';
import { OciSaveError, systemCodeOf } from '../../../errors.ts';
import type { Lock } from '../../../lock/index.ts';
import type { Places } from '../places.ts';

/** A lock that an earlier save left, and its file. */
export interface EarlierLock {
  readonly file: string;
  readonly lock: Lock;
}

/** The locks at a run's output, the bundle's before the archive's. Those that cannot be read are passed over. */
export async function readEarlierLocks({
  output,
  archiveLock,
}: Pick<Places, 'output' | 'archiveLock'>): Promise<EarlierLock[]> {
  const inside = output === undefined ? undefined : await lockFileIn(output);
  const earlier: EarlierLock[] = [];
  for (const file of new Set([inside ?? archiveLock, archiveLock])) {
    const lock = await lockIn(file);
    if (lock !== undefined) earlier.push({ file, lock });
  }
  return earlier;
}

/** It only makes a message better: a lock that cannot be read is passed over. */
async function lockIn(file: string): Promise<Lock | undefined> {
  try {
    return await readLock(file);
  } catch (error) {
    if (error instanceof OciSaveError || systemCodeOf(error) !== undefined) return undefined;
    throw error;
  }
}
