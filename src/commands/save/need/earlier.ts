import { lockFileIn, readLock } from '../../../bundle/index.ts';
import { OciSaveError, systemCodeOf } from '../../../errors.ts';
import type { Lock } from '../../../lock/index.ts';
import { type FailedImage, lockedRef, type Resolution } from '../../../resolve/index.ts';
import type { Run } from '../run.ts';

/**
 * Tells of an image that is gone which digest an earlier save has at this run's output: a registry often still gives by its
 * digest what no tag names any more.
 */
export async function withEarlierDigests(
  resolution: Resolution,
  { places: { output, archiveLock } }: Pick<Run, 'places'>,
): Promise<Resolution> {
  const isGone = ({ error }: FailedImage): boolean =>
    error instanceof OciSaveError && error.code === 'not-found';
  if (!resolution.failed.some(isGone)) return resolution;
  const inside = output === undefined ? undefined : await lockFileIn(output);
  const files = inside === undefined ? [archiveLock] : [inside, archiveLock];
  const earlier = new Map<string, { readonly digest: string; readonly file: string }>();
  for (const file of files) {
    for (const { ref, digest } of (await lockIn(file))?.images ?? [])
      if (!earlier.has(ref)) earlier.set(ref, { digest, file });
  }
  const told = (failure: FailedImage): FailedImage => {
    const { wanted, error } = failure;
    const found = wanted.pin === undefined ? earlier.get(lockedRef(wanted)) : undefined;
    if (found === undefined || !isGone(failure) || !(error instanceof OciSaveError)) return failure;
    const { code, message, cause } = error;
    const hint =
      `${found.file} has it as ${found.digest}: write ${lockedRef(wanted)}@${found.digest} into the list. ` +
      'The registry may still give it, and what the store has of it is not asked for.';
    return { wanted, error: new OciSaveError({ code, message, hint, cause }) };
  };
  return { ...resolution, failed: resolution.failed.map(told) };
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
