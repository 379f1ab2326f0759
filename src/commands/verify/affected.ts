import type { BundleExplanation } from '../../bundle/index.ts';
import type { Manifests } from '../../image/index.ts';
import { type Lock, storedRepositories, taggedDigest } from '../../lock/index.ts';
import { type Digest, hexOf, parseBlobPath } from '../../oci/digest.ts';
import { reachable } from '../../oci/reachable.ts';

/** Which images need what is damaged. */
export interface AffectedImages {
  /** The images that need a blob in a file: below a repository, those that are served from there. */
  byBlob(path: string, explained: BundleExplanation): readonly string[];
  /** The images that a file of a layout names; all of them where it is the flat layout's; none for any other file. */
  byLayout(path: string, explained: BundleExplanation): readonly string[];
}

/** Nothing is computed before something is damaged. */
export function affectedImages(lock: Lock, manifests: Manifests): AffectedImages {
  let blobs: ReadonlyMap<string, ReadonlySet<string>> | undefined;
  let repositories: ReadonlyMap<string, ReadonlySet<string>> | undefined;
  const inLayout = (folder: string, { registry }: BundleExplanation): readonly string[] => {
    repositories ??= imagesByRepository(lock);
    return [...(repositories.get(registry === '' ? folder : folder.slice(registry.length + 1)) ?? [])];
  };
  return {
    byBlob(path, explained) {
      blobs ??= imagesByBlob(lock, manifests);
      const { hex = '', layout = '' } = parseBlobPath(path) ?? {};
      const needing = blobs.get(hex) ?? new Set();
      if (layout === '') return [...needing];
      return inLayout(layout.slice(0, -1), explained).filter((ref) => needing.has(ref));
    },
    byLayout(path, explained) {
      const folder = path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '';
      const name = path.slice(folder === '' ? 0 : folder.length + 1);
      const isOfLayout = ['index.json', 'oci-layout', 'manifest.json'].includes(name);
      if (!explained.layouts.has(folder) || !isOfLayout) return [];
      return folder === '' ? lock.images.map(({ ref }) => ref) : inLayout(folder, explained);
    },
  };
}

function imagesByRepository(lock: Lock): Map<string, Set<string>> {
  const images = new Map<string, Set<string>>();
  for (const image of lock.images) {
    for (const repository of storedRepositories(image)) addTo(images, repository, image.ref);
  }
  return images;
}

function addTo(images: Map<string, Set<string>>, key: string, ref: string): void {
  const refs = images.get(key) ?? new Set<string>();
  images.set(key, refs.add(ref));
}

function imagesByBlob(lock: Lock, manifests: Manifests): Map<string, Set<string>> {
  const images = new Map<string, Set<string>>();
  const all = new Set<Digest>(manifests.keys());
  for (const image of lock.images) {
    const { ref, root, leaves, referrers } = image;
    const own = new Set(leaves.map((leaf) => leaf.digest));
    const below = [taggedDigest(image), root].map((top) => reachable(top, manifests, own));
    const referring = referrers.map((one) => reachable(one.digest, manifests, all));
    const needed = new Set<Digest>([
      ...leaves.flatMap((leaf) => [leaf.digest, leaf.config, ...leaf.layers]),
      ...[...below, ...referring].flatMap((one) => [...one.manifests, ...one.blobs]),
    ]);
    for (const one of needed) addTo(images, hexOf(one), ref);
  }
  return images;
}
