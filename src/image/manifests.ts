import { OciSaveError } from '../errors.ts';
import { type Lock, type LockedImage, taggedDigest } from '../lock/index.ts';
import { type Digest, shortDigest } from '../oci/digest.ts';
import type { Manifest } from '../oci/manifest.ts';
import { reachable } from '../oci/reachable.ts';
import type { Store } from '../store/index.ts';
import type { Manifests, StoredManifest } from './image.ts';
import type { ManifestBytes, ReadPort } from './read-port.ts';
import { storePort } from './store-port.ts';

/** The manifests of all images together. */
export function manifestsOf(images: readonly { readonly manifests: Manifests }[]): Manifests {
  return new Map(images.flatMap(({ manifests }) => [...manifests]));
}

/** Reads every manifest that the images of a lock hold from the store. Throws `digest` where one is missing or damaged. */
export function readManifests(lock: Lock, store: Pick<Store, 'has' | 'open' | 'read'>): Promise<Manifests> {
  return readManifestsAt(lock, storePort(store));
}

/** A manifest by its digest; undefined where it is not there, or the blob is not a manifest. */
export async function findManifest(
  digest: Digest,
  port: Pick<ReadPort, 'manifest'>,
): Promise<ManifestBytes | undefined> {
  try {
    return await port.manifest(digest);
  } catch (error) {
    if (error instanceof OciSaveError && (error.code === 'not-found' || error.code === 'unsupported')) {
      return undefined;
    }
    throw error;
  }
}

/** Reads every manifest that the images of a lock hold. Throws `digest` where one is missing or damaged. */
export async function readManifestsAt(lock: Lock, port: Pick<ReadPort, 'manifest'>): Promise<Manifests> {
  const manifests = new Map<Digest, StoredManifest>();
  const others = new Set<Digest>();

  /** False where the blob is not here, or is not a manifest. */
  const read = async (digest: Digest): Promise<boolean> => {
    if (manifests.has(digest)) return true;
    if (others.has(digest)) return false;
    const found = await findManifest(digest, port);
    if (found === undefined) {
      others.add(digest);
      return false;
    }
    const { bytes, manifest } = found;
    manifests.set(digest, { digest, size: bytes.length, manifest });
    for (const child of presentChildren(manifest, lock)) await read(child);
    return true;
  };

  for (const image of lock.images) {
    for (const digest of neededOf(image)) if (!(await read(digest))) throw lost(digest, image);
    const leaves = new Set(image.leaves.map(({ digest }) => digest));
    const held = new Set(reachable(taggedDigest(image), manifests, leaves).manifests);
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
function neededOf(image: LockedImage): Digest[] {
  const { root, leaves, referrers } = image;
  return [taggedDigest(image), root, ...[...leaves, ...referrers].map((one) => one.digest)];
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
