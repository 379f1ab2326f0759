import { OciSaveError } from '../errors.ts';
import type { Lock } from '../lock/index.ts';
import { type Digest, shortDigest } from '../oci/digest.ts';
import { type Manifest, MAX_MANIFEST_BYTES, parseManifest } from '../oci/manifest.ts';
import type { BlobPool } from '../store/index.ts';

export interface StoredManifest {
  readonly digest: Digest;
  readonly size: number;
  readonly manifest: Manifest;
}

export type Manifests = ReadonlyMap<Digest, StoredManifest>;

/** Every manifest that a lock's images hold, read from the pool. Throws `digest` where one is gone. */
export async function readManifests(lock: Lock, pool: BlobPool): Promise<Manifests> {
  const manifests = new Map<Digest, StoredManifest>();
  const read = async (digest: Digest, ref: string): Promise<void> => {
    if (manifests.has(digest)) return;
    const bytes = await pool.read(digest, MAX_MANIFEST_BYTES);
    if (bytes === undefined) {
      throw new OciSaveError({
        code: 'digest',
        message: `${ref}: manifest ${shortDigest(digest)} is missing or damaged`,
        hint: 'Save it again: what is whole is not fetched again.',
      });
    }
    const manifest = parseManifest(bytes);
    manifests.set(digest, { digest, size: bytes.length, manifest });
    for (const child of presentChildren(manifest, lock)) await read(child, ref);
  };
  for (const image of lock.images) {
    await read(image.digest, image.ref);
    await read(image.root, image.ref);
  }
  return manifests;
}

/** The children of an index that the lock holds; none of an image manifest. */
function presentChildren(manifest: Manifest, lock: Lock): Digest[] {
  if (manifest.kind === 'manifest') return [];
  const digests = manifest.manifests
    .map((child) => child.digest)
    .filter((digest) => Object.hasOwn(lock.blobs, digest));
  return [...new Set(digests)];
}
