import type { Digest } from './digest.ts';
import { blobsOf, type Manifest } from './manifest.ts';

/** The content below a manifest, itself included. */
export interface Reachable {
  /** Children before the indexes that list them, each index right after its own children; the top is the last. */
  readonly manifests: readonly Digest[];
  readonly blobs: readonly Digest[];
}

/**
 * The content of an image below a manifest. Only the children of an index that have one of `leaves` count: others were
 * not taken, or belong to another image with more of the same index.
 */
export function reachable(
  top: Digest,
  manifests: ReadonlyMap<Digest, { readonly manifest: Manifest }>,
  leaves: Pick<ReadonlySet<Digest>, 'has'>,
): Reachable {
  const held = new Set<Digest>();
  const blobs = new Set<Digest>();
  // Each once: indexes may list the same children many times.
  const visited = new Map<Digest, boolean>();
  const visit = (digest: Digest): boolean => {
    const manifest = manifests.get(digest)?.manifest;
    if (manifest === undefined) return false;
    const known = visited.get(digest);
    if (known !== undefined) return known;
    const children = manifest.kind === 'index' ? manifest.manifests.map((child) => child.digest) : [];
    const below = children.filter(visit);
    const wanted = manifest.kind === 'manifest' ? leaves.has(digest) : below.length > 0;
    visited.set(digest, wanted);
    if (wanted) held.add(digest);
    if (wanted && manifest.kind === 'manifest') for (const blob of blobsOf(manifest)) blobs.add(blob.digest);
    return wanted;
  };
  visit(top);
  return { manifests: [...held.add(top)], blobs: [...blobs] };
}
