import type { Lock } from '../../lock/index.ts';
import { isDigest } from '../../oci/digest.ts';
import type { BlobSize } from '../../store/index.ts';

/** Every blob of a lock. */
export function blobsOf({ blobs }: Lock): BlobSize[] {
  return Object.entries(blobs).flatMap(([digest, size]) => (isDigest(digest) ? [{ digest, size }] : []));
}
