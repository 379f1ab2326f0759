import type { Lock, LockedImage } from '../../lock/index.ts';
import type { Digest } from '../../oci/digest.ts';

/** Every blob that an image names and the lock has a size for: manifests, configs, layers, referrers, each once. */
export function blobsOfImage(image: LockedImage, lock: Lock): Map<Digest, number> {
  const named = [
    image.digest,
    image.root,
    ...image.leaves.flatMap(({ digest, config, layers }) => [digest, config, ...layers]),
    ...image.referrers,
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
  /** What the images would weigh if none shared a blob, and what they weigh. */
  readonly apart: number;
  readonly together: number;
}

/** Which blobs several images share, and how many bytes that spares. */
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
