import type { Digest } from './digest.ts';
import { blobsOf, type Manifest } from './manifest.ts';

/** What stands under a manifest, itself included. */
export interface Reachable {
  /** Children before the indexes that name them, each index right after its own children; the top is the last. */
  readonly manifests: readonly Digest[];
  readonly blobs: readonly Digest[];
}

/**
 * What an image holds below a manifest. Of an index's children only those with one of `leaves` count: others are not
 * there, or another image holds more of the same index.
 */
export function reachable(
  top: Digest,
  manifests: ReadonlyMap<Digest, { readonly manifest: Manifest }>,
  leaves: ReadonlySet<Digest>,
): Reachable {
  const held = new Set<Digest>();
  const blobs = new Set<Digest>();
  // Each once: indexes may list the same children many times over.
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
    if (wanted && manifest.kind === 'manifest') {
      for (const blob of blobsOf(manifest)) blobs.add(blob.digest);
    }
    return wanted;
  };
  visit(top);
  return { manifests: [...held.add(top)], blobs: [...blobs] };
}
