import { type Lock, type LockedImage, storedRepositories, taggedDigest } from '../../lock/index.ts';
import type { Digest } from '../../oci/digest.ts';

/** What the blobs of a bundle take on a disk. */
export interface BundleSizes {
  /** Each blob once: further names of it are hard links. */
  readonly linked: number;
  /**
   * Where a file system knows no hard links, and each name of a blob is a copy. What only a referrer has (a signature's
   * content) counts as in one repository: the lock does not say which of its images it is for.
   */
  readonly copied: number;
}

/** Counts the blobs of both views, and no small files of the bundle: this page is one of them. */
export function bundleSizes(lock: Lock): BundleSizes {
  const linked = Object.values(lock.blobs).reduce((sum, size) => sum + size, 0);
  const repositories = new Map<string, Set<Digest>>();
  const named = new Set<string>();
  for (const image of lock.images) {
    const blobs = servedBlobs(image);
    for (const digest of [...blobs, image.root]) named.add(digest);
    for (const path of storedRepositories(image)) {
      const held = repositories.get(path) ?? new Set();
      repositories.set(path, held);
      for (const digest of blobs) held.add(digest);
    }
  }
  let copied = linked;
  for (const held of repositories.values()) for (const digest of held) copied += lock.blobs[digest] ?? 0;
  for (const [digest, size] of Object.entries(lock.blobs)) if (!named.has(digest)) copied += size;
  return { linked, copied };
}

/** What a repository has of an image: of a sparse one the index of its source, and not the one for importers. */
function servedBlobs(image: LockedImage): Digest[] {
  return [
    taggedDigest(image),
    ...image.leaves.flatMap(({ digest, config, layers }) => [digest, config, ...layers]),
    ...image.referrers.map(({ digest }) => digest),
  ];
}
