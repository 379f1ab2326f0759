import { type ForeignItem, foreignAt, refuseForeign, writeFileWhole } from '../../../bundle/index.ts';
import { digestOfLock, encodeLock, type Lock, LOCK_FILE_KIND } from '../../../lock/index.ts';
import type { RunReport } from '../../../report/index.ts';
import { archiveBase, type Places } from '../places.ts';

/**
 * Where a run that only pushes or releases writes its lock: beside its report, and under a name that is not the lock of a
 * bundle or an archive, nor one that somebody keeps. Undefined where the run writes one of these.
 */
function lockAloneAt(places: Places): string | undefined {
  const isAlone = places.output === undefined && places.archive === undefined;
  return isAlone ? `${archiveBase(places)}.run.lock.json` : undefined;
}

/** What others wrote where such a run writes its lock. */
export async function foreignAtLockAlone(places: Places): Promise<ForeignItem[]> {
  const file = lockAloneAt(places);
  return file === undefined ? [] : foreignAt(file, LOCK_FILE_KIND);
}

/** Writes the lock of a run that has no bundle and no archive on the disk; undefined for any other run. */
export async function writeLockAlone(lock: Lock, places: Places): Promise<RunReport['lock']> {
  const file = lockAloneAt(places);
  if (file === undefined) return undefined;
  refuseForeign(await foreignAt(file, LOCK_FILE_KIND), 'local');
  await writeFileWhole(file, encodeLock(lock));
  return { path: file, digest: digestOfLock(lock) };
}
