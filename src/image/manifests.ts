import { OciSaveError } from '../errors.ts';
import type { Lock, LockedImage } from '../lock/index.ts';
import { type Digest, shortDigest } from '../oci/digest.ts';
import { type Manifest, MAX_MANIFEST_BYTES, parseManifest } from '../oci/manifest.ts';
import { reachable } from '../oci/reachable.ts';
import type { BlobPool } from '../store/index.ts';
import type { Manifests, StoredManifest } from './image.ts';

/** The manifests of all images together. */
export function manifestsOf(images: readonly { readonly manifests: Manifests }[]): Manifests {
  return new Map(images.flatMap(({ manifests }) => [...manifests]));
}

/** Reads every manifest that the images of a lock hold from a pool. Throws `digest` where one is missing or damaged. */
export async function readManifests(lock: Lock, pool: BlobPool): Promise<Manifests> {
  const manifests = new Map<Digest, StoredManifest>();
  const others = new Set<Digest>();

  /** False where the blob is not here, or is not a manifest. */
  const read = async (digest: Digest): Promise<boolean> => {
    if (manifests.has(digest)) return true;
    if (others.has(digest)) return false;
    const bytes = await pool.read(digest, MAX_MANIFEST_BYTES);
    const manifest = bytes === undefined ? undefined : manifestIn(bytes);
    if (bytes === undefined || manifest === undefined) {
      others.add(digest);
      return false;
    }
    manifests.set(digest, { digest, size: bytes.length, manifest });
    for (const child of presentChildren(manifest, lock)) await read(child);
    return true;
  };

  for (const image of lock.images) {
    for (const digest of neededOf(image)) if (!(await read(digest))) throw lost(digest, image);
    const leaves = new Set(image.leaves.map(({ digest }) => digest));
    const held = new Set(reachable(image.digest, manifests, leaves).manifests);
    // An index between them is gone.
    const [torn] = [...leaves].filter((digest) => !held.has(digest));
    if (torn !== undefined) throw lost(torn, image);
  }
  return manifests;
}

function lost(digest: Digest, { ref }: LockedImage): OciSaveError {
  return new OciSaveError({
    code: 'digest',
    message: `${ref}: manifest ${shortDigest(digest)} is missing or damaged`,
    hint: 'Save it again: what is whole is not fetched again.',
  });
}

/** What an image cannot do without. */
function neededOf({ digest, root, leaves }: LockedImage): Digest[] {
  return [digest, root, ...leaves.map((leaf) => leaf.digest)];
}

function manifestIn(bytes: Uint8Array): Manifest | undefined {
  try {
    return parseManifest(bytes);
  } catch (error) {
    if (error instanceof OciSaveError) return undefined;
    throw error;
  }
}

/**
 * The children of an index that the lock holds; an image manifest has no children. A child that was not taken may have the digest
 * of another image's layer, so what is found under it need not be a manifest.
 */
function presentChildren(manifest: Manifest, lock: Lock): Digest[] {
  if (manifest.kind === 'manifest') return [];
  const digests = manifest.manifests
    .map((child) => child.digest)
    .filter((digest) => Object.hasOwn(lock.blobs, digest));
  return [...new Set(digests)];
}
