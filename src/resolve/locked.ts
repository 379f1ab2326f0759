import { isDeepStrictEqual } from 'node:util';
import type { ReadPort } from '../image/index.ts';
import { OciSaveError } from '../errors.ts';
import { LOCK_HINT, type LockedImage, taggedDigest } from '../lock/index.ts';
import { shortDigest } from '../oci/digest.ts';
import { lockedImageOf, type ResolvedImage } from './describe.ts';
import { type ReferrerOptions, withLockedReferrers } from './referrers.ts';
import { type ResolveOptions, resolveImage } from './resolve-image.ts';
import type { WantedImage } from './wanted.ts';

/**
 * An image as its lock has it: by its digest, whatever its tag names today, and with the choices that the lock has. Of a local
 * source there is only what was made of it, in the layout of a bundle.
 * @throws OciSaveError `not-found` where it is gone, `digest` where another lock would come of it
 */
export async function resolveLocked(
  wanted: WantedImage,
  locked: LockedImage,
  port: ReadPort,
  context: ResolveOptions & ReferrerOptions,
): Promise<ResolvedImage> {
  const isLocal = locked.source !== 'docker';
  const format = isLocal ? 'keep' : (locked.format ?? 'keep');
  // What was narrowed is all that there is of it.
  const index = isLocal && locked.index === 'narrow' ? 'auto' : (locked.index ?? 'auto');
  const choices = { index, format } as const;
  try {
    const reference = isLocal ? taggedDigest(locked) : locked.digest;
    const made = await resolveImage(wanted, reference, port, { ...context, ...choices });
    const found = isLocal ? { ...made, ...claimsOf(locked) } : made;
    const image = await withLockedReferrers(found, locked, context);
    refuseOther(image, locked);
    return isLocal ? asLocked(image, locked) : image;
  } catch (error) {
    throw explainGone(error, locked);
  }
}

/** What only the lock of an image knows where its source is not there any more, and there is what was made of it. */
function claimsOf(locked: LockedImage): Partial<LockedImage> {
  const { source, digest, mediaType, converted, index, format, imageId, diffIds } = locked;
  return { source, digest, mediaType, converted, index, format, imageId, diffIds };
}

/** The image as its lock has it, with the fields in the order of the lock. */
function asLocked(image: ResolvedImage, locked: LockedImage): ResolvedImage {
  const { names, wanted, content, manifests, sizes, made, notes } = image;
  return { ...locked, names, wanted, content, manifests, sizes, made, notes };
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
function refuseOther(image: ResolvedImage, locked: LockedImage): void {
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
function explainGone(error: unknown, { digest, source }: LockedImage): unknown {
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
