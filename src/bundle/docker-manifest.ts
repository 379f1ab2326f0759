import type { Leaf, Lock, LockedImage } from '../lock/index.ts';
import { type Digest, hexOf } from '../oci/digest.ts';
import { rootNames } from './layout-index.ts';

const PREFERRED = 'linux/amd64';

/** The one platform that docker's form can carry of an image: linux/amd64, else the first; none of an artifact. */
export function dockerLeaf({ leaves }: LockedImage): Leaf | undefined {
  const images = leaves.filter(({ platform, attests }) => platform !== undefined && attests === undefined);
  return images.find(({ platform }) => platform === PREFERRED) ?? images[0];
}

/**
 * docker's manifest.json (moby, image/tarexport): for `docker load` without containerd's store, and for podman
 * where the archive has several images. A digest among the tags would make podman refuse the whole archive.
 */
export function dockerManifest(lock: Lock): string {
  const tagsOf = new Map<Digest, { leaf: Leaf; tags: Set<string> }>();
  for (const image of lock.images) {
    const leaf = dockerLeaf(image);
    if (leaf === undefined) continue;
    const known = tagsOf.get(leaf.digest) ?? { leaf, tags: new Set() };
    for (const name of rootNames(image)) known.tags.add(name);
    tagsOf.set(leaf.digest, known);
  }
  const blob = (digest: Digest): string => `blobs/sha256/${hexOf(digest)}`;
  const entries = [...tagsOf.values()].map(({ leaf, tags }) => ({
    Config: blob(leaf.config),
    RepoTags: [...tags].toSorted(),
    Layers: leaf.layers.map(blob),
  }));
  const first = (tags: readonly string[]): string => tags[0] ?? '';
  const sorted = entries.toSorted((a, b) => (first(a.RepoTags) < first(b.RepoTags) ? -1 : 1));
  return `${JSON.stringify(sorted, null, 2)}\n`;
}
