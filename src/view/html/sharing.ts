import { type Lock, type LockedImage, taggedDigest } from '../../lock/index.ts';
import type { Digest } from '../../oci/digest.ts';

/** Every blob that an image names and whose size the lock has: manifests, configs, layers, referrers, each once. */
export function blobsOfImage(image: LockedImage, lock: Lock): Map<Digest, number> {
  const named = [
    taggedDigest(image),
    image.root,
    ...image.leaves.flatMap(({ digest, config, layers }) => [digest, config, ...layers]),
    ...image.referrers.map(({ digest }) => digest),
  ];
  const sizes = new Map<Digest, number>();
  for (const digest of named) {
    const size = lock.blobs[digest];
    if (size !== undefined) sizes.set(digest, size);
  }
  return sizes;
}

export interface Sharing {
  /** For each blob the images that name it, as indexes into the lock's. */
  readonly users: ReadonlyMap<Digest, readonly number[]>;
  /** The size of all images if they shared no blobs, and their actual size. */
  readonly apart: number;
  readonly together: number;
}

/** An image's bytes, and how many of them no other image names. */
export interface ImageSize {
  readonly bytes: number;
  readonly own: number;
}

export function sizeOf(image: LockedImage, lock: Lock, { users }: Sharing): ImageSize {
  let [bytes, own] = [0, 0];
  for (const [digest, size] of blobsOfImage(image, lock)) {
    bytes += size;
    if ((users.get(digest)?.length ?? 0) < 2) own += size;
  }
  return { bytes, own };
}

/** Which blobs several images share, and how many bytes that saves. */
export function sharingOf(lock: Lock): Sharing {
  const users = new Map<Digest, number[]>();
  let apart = 0;
  let together = 0;
  for (const [index, image] of lock.images.entries()) {
    for (const [digest, size] of blobsOfImage(image, lock)) {
      const known = users.get(digest);
      apart += size;
      if (known === undefined) {
        users.set(digest, [index]);
        together += size;
      } else {
        known.push(index);
      }
    }
  }
  return { users, apart, together };
}
