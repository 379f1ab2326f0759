import { OciSaveError } from '../../../errors.ts';
import { type FailedImage, fixedDigest, lockedRef, type Resolution } from '../../../resolve/index.ts';
import { readEarlierLocks } from './earlier-locks.ts';
import type { Run } from '../run.ts';

/**
 * Tells of an image that is gone which digest an earlier save has at this run's output: a registry often still gives by its
 * digest what no tag names any more.
 */
export async function withEarlierDigests(
  resolution: Resolution,
  { places, options: { offline, source } }: Pick<Run, 'places' | 'options'>,
): Promise<Resolution> {
  // No registry is asked: it cannot have it.
  if (offline || (source !== 'auto' && !source.includes('remote'))) return resolution;
  // What has a hint of its own is there, and lacks a platform or a child: its digest would bring no more than its tag.
  const isGone = ({ error }: FailedImage): boolean =>
    error instanceof OciSaveError && error.code === 'not-found' && error.hint === undefined;
  if (!resolution.failed.some(isGone)) return resolution;
  const earlier = new Map<string, { readonly digest: string; readonly file: string }>();
  for (const { file, lock } of await readEarlierLocks(places)) {
    for (const { ref, digest, source } of lock.images) {
      // What came from this machine has a digest that no registry knows.
      if (source === 'docker' && !earlier.has(ref)) earlier.set(ref, { digest, file });
    }
  }
  const told = (failure: FailedImage): FailedImage => {
    const { wanted, error } = failure;
    const found = fixedDigest(wanted) === undefined ? earlier.get(lockedRef(wanted)) : undefined;
    if (found === undefined || !isGone(failure) || !(error instanceof OciSaveError)) return failure;
    const { code, message, cause } = error;
    const hint =
      `${found.file} has it as ${found.digest}: write ${lockedRef(wanted)}@${found.digest} into the list. ` +
      'The registry may still give it, and what the store has of it is not asked for.';
    return { wanted, error: new OciSaveError({ code, message, hint, cause }) };
  };
  return { ...resolution, failed: resolution.failed.map(told) };
}
