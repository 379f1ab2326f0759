import type { BundleExplanation } from '../../bundle/index.ts';
import type { Manifests } from '../../image/index.ts';
import { type Lock, repositoryPath, splitName, taggedDigest } from '../../lock/index.ts';
import { type Digest, hexOf } from '../../oci/digest.ts';
import { reachable } from '../../oci/reachable.ts';

/** Which images need what is damaged. */
export interface AffectedImages {
  byBlob(hex: string): readonly string[];
  /** The images that a file of a layout names; all of them where it is the flat layout's; none for any other file. */
  byLayout(path: string, explained: BundleExplanation): readonly string[];
}

/** Nothing is computed before something is damaged. */
export function affectedImages(lock: Lock, manifests: Manifests): AffectedImages {
  let blobs: Map<string, string[]> | undefined;
  return {
    byBlob(hex) {
      blobs ??= imagesByBlob(lock, manifests);
      return blobs.get(hex) ?? [];
    },
    byLayout(path, { registry, layouts }) {
      const folder = path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '';
      const name = path.slice(folder === '' ? 0 : folder.length + 1);
      if (!layouts.has(folder) || !['index.json', 'oci-layout', 'manifest.json'].includes(name)) return [];
      if (folder === '') return lock.images.map(({ ref }) => ref);
      const repository = registry === '' ? folder : folder.slice(registry.length + 1);
      return lock.images
        .filter(({ names }) => names.some((name) => repositoryPath(splitName(name).name) === repository))
        .map(({ ref }) => ref);
    },
  };
}

function imagesByBlob(lock: Lock, manifests: Manifests): Map<string, string[]> {
  const images = new Map<string, string[]>();
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
    for (const one of needed) {
      const refs = images.get(hexOf(one));
      if (refs === undefined) images.set(hexOf(one), [ref]);
      else refs.push(ref);
    }
  }
  return images;
}
