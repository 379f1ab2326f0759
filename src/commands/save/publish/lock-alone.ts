import { sumsName } from '../../../archive/index.ts';
import { type ForeignItem, foreignAt, refuseForeign, writeFileWhole } from '../../../bundle/index.ts';
import { exists } from '../../../files/index.ts';
import { digestOfLock, encodeLock, type Lock, LOCK_FILE_KIND } from '../../../lock/index.ts';
import type { RunReport } from '../../../report/index.ts';
import path from 'node:path';
import { archiveBase, type Places } from '../places.ts';

/**
 * Where a run that only pushes or releases writes its lock: beside its report, and under a name that is not the lock of a
 * bundle or an archive which another run made there. Undefined where the run writes one of these.
 */
async function lockAloneAt(places: Places): Promise<string | undefined> {
  const { output, archive, archivePlace, archiveLock } = places;
  if (output !== undefined || archive !== undefined) return undefined;
  const base = archiveBase(places);
  const sums = path.join(archivePlace.folder, sumsName(archivePlace.name));
  return (await exists(base)) || (await exists(sums)) ? `${base}.run.lock.json` : archiveLock;
}

/** What others wrote where such a run writes its lock. */
export async function foreignAtLockAlone(places: Places): Promise<ForeignItem[]> {
  const file = await lockAloneAt(places);
  return file === undefined ? [] : foreignAt(file, LOCK_FILE_KIND);
}

/** Writes the lock of a run that has no bundle and no archive on the disk; undefined for any other run. */
export async function writeLockAlone(lock: Lock, places: Places): Promise<RunReport['lock']> {
  const file = await lockAloneAt(places);
  if (file === undefined) return undefined;
  refuseForeign(await foreignAt(file, LOCK_FILE_KIND), 'local');
  await writeFileWhole(file, encodeLock(lock));
  return { path: file, digest: digestOfLock(lock) };
}
