import type { Manifests, StoredManifest } from '../../image/index.ts';
import { OciSaveError } from '../../errors.ts';
import type { Lock } from '../../lock/index.ts';
import { blobHexIn, type Digest, digestOf } from '../../oci/digest.ts';
import { parseManifest } from '../../oci/manifest.ts';
import type { Observed } from './observed.ts';

/** The manifests of a lock that were read and have the right bytes. */
export function manifestsIn({ kept }: Observed, lock: Lock): Manifests {
  const manifests = new Map<Digest, StoredManifest>();
  for (const [path, bytes] of kept) {
    if (blobHexIn(path) === undefined) continue;
    const digest = digestOf(bytes);
    if (manifests.has(digest) || !Object.hasOwn(lock.blobs, digest)) continue;
    const manifest = parsed(bytes);
    if (manifest !== undefined) manifests.set(digest, { digest, size: bytes.length, manifest });
  }
  return manifests;
}

/** Undefined where the blob is no manifest: a config may look like one. */
function parsed(bytes: Uint8Array): StoredManifest['manifest'] | undefined {
  try {
    return parseManifest(bytes);
  } catch (error) {
    if (error instanceof OciSaveError) return undefined;
    throw error;
  }
}
