import { isDeepStrictEqual } from 'node:util';
import { OciSaveError } from '../errors.ts';
import { LOCK_HINT, type LockedImage } from '../lock/index.ts';
import { type Digest, shortDigest } from '../oci/digest.ts';
import { lockedImageOf, type ResolvedImage } from './describe.ts';

/** Which manifests of its source a locked image has: those that are its leaves, or were converted to them. */
export function takenBy({ leaves, converted = {} }: LockedImage): (digest: Digest) => boolean {
  const digests = new Set<string>(leaves.map(({ digest }) => digest));
  return (digest) => digests.has(converted[digest] ?? digest);
}

/** What a lock says of an image, but for its names. */
const FIELDS = [
  'mediaType',
  'root',
  'rootMediaType',
  'converted',
  'index',
  'format',
  'imageId',
  'diffIds',
  'platforms',
  'leaves',
  'referrers',
] as const satisfies readonly (keyof LockedImage)[];

/**
 * Refuses an image that is not what its lock says, since another lock would come of it.
 * @throws OciSaveError `digest` that names the first field
 */
export function refuseOther(image: ResolvedImage, locked: LockedImage): void {
  const found = lockedImageOf(image);
  const field = FIELDS.find((name) => !isDeepStrictEqual(found[name], locked[name]));
  if (field === undefined) return;
  throw new OciSaveError({
    code: 'digest',
    message: `its lock is wrong: it has other ${field} than ${shortDigest(locked.digest)}, which it names`,
    hint: LOCK_HINT,
  });
}

/** What to do where the source of a locked image has its digest no more; any other error as it is. */
export function explainGone(error: unknown, { digest, source }: LockedImage): unknown {
  if (!(error instanceof OciSaveError) || error.code !== 'not-found') return error;
  const { code, message, cause } = error;
  if (source !== 'docker') {
    const hint = 'Copy the bundle again: oci-save verify says what it lacks.';
    return new OciSaveError({ code, message, hint, cause });
  }
  return new OciSaveError({
    code,
    message: `${message}; its lock names ${digest}, and not what a tag names today`,
    hint: 'Its registry removed it: push it there again from a bundle that has it, or save its tag by a list.',
    cause,
  });
}
