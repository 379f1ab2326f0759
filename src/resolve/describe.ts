import type { Leaf, LockedImage } from '../lock/index.ts';
import { type Digest, digestOf, digestTag } from '../oci/digest.ts';
import { blobsOf, isImage } from '../oci/manifest.ts';
import { isForeignLayerType } from '../oci/media-type.ts';
import { formatPlatform } from '../oci/platform.ts';
import { formatReference } from '../oci/reference.ts';
import type { Store } from '../store/index.ts';
import { rootOf } from './root.ts';
import type { ManifestTree, TreeNode } from './tree.ts';
import type { WantedImage } from './wanted.ts';

/** An image with all that a lock says of it. */
export interface ResolvedImage {
  readonly wanted: WantedImage;
  readonly image: LockedImage;
  /** Bytes of every blob that the image names, manifests included. */
  readonly sizes: ReadonlyMap<Digest, number>;
  /** What was odd, left out or changed: sentences for people. */
  readonly notes: readonly string[];
}

export interface Described {
  readonly wanted: WantedImage;
  readonly tree: ManifestTree;
  readonly converted: ReadonlyMap<Digest, Digest>;
  readonly notes: string[];
  readonly options: { readonly store: Store; readonly index: 'auto' | 'keep' | 'narrow' };
  readonly origin?: Pick<LockedImage, 'imageId' | 'diffIds' | 'converted'>;
}

/** Puts a tree into the lock's words and its manifests into the store. */
export async function describe({
  wanted,
  tree,
  converted,
  notes,
  options,
  origin,
}: Described): Promise<ResolvedImage> {
  const root = rootOf(tree, digestOf);
  await Promise.all(
    [...tree.nodes.map(({ bytes }) => bytes), ...root.made].map((bytes) => options.store.put(bytes)),
  );
  const narrowed = root.made.length > 0 || root.digest !== tree.top.digest;
  const top =
    options.index === 'narrow' ? root : { digest: tree.top.digest, mediaType: tree.top.manifest.mediaType };
  if (narrowed && options.index === 'narrow') notes.push('its index was narrowed to the platforms taken');
  if (narrowed && wanted.pin !== undefined) {
    notes.push('it was pinned by digest, and readers that take no sparse index get another one');
  }
  if (tree.nodes.some(hasForeignLayer)) {
    notes.push('it has foreign layers: they are in the bundle, but containerd asks their publisher even so');
  }
  const leaves = (options.index === 'narrow' ? root.kept : tree.nodes).flatMap(toLeaf);
  const sizes = sizesOf(options.index === 'narrow' ? root.kept : tree.nodes);
  for (const bytes of root.made) sizes.set(digestOf(bytes), bytes.length);
  const image: LockedImage = {
    ref: lockedRef(wanted),
    names: wanted.names.map(({ name, tag }) => `${name}:${tag ?? digestTag(top.digest)}`).toSorted(),
    source: wanted.source.transport,
    digest: top.digest,
    mediaType: top.mediaType,
    root: root.digest,
    rootMediaType: root.mediaType,
    ...(converted.size > 0 ? { converted: Object.fromEntries(converted) } : {}),
    ...origin,
    platforms: [...new Set(leaves.flatMap(({ platform }) => platform ?? []))].toSorted(),
    leaves,
    referrers: [],
  };
  return { wanted, image, sizes, notes };
}

/** What the lock calls an image: no path of this machine, since the same content gives the same lock anywhere. */
function lockedRef({ ref, source, names }: WantedImage): string {
  if (source.transport === 'docker') return ref;
  if (source.transport === 'docker-archive' && source.reference) return formatReference(source.reference);
  const [stored] = names;
  return stored === undefined ? ref : `${stored.name}${stored.tag === undefined ? '' : `:${stored.tag}`}`;
}

function hasForeignLayer({ manifest }: TreeNode): boolean {
  return (
    manifest.kind === 'manifest' && manifest.layers.some(({ mediaType }) => isForeignLayerType(mediaType))
  );
}

function toLeaf({ digest, manifest, platform, attests }: TreeNode): Leaf[] {
  if (manifest.kind === 'index') return [];
  return [
    {
      digest,
      mediaType: manifest.mediaType,
      ...(platform === undefined || !isImage(manifest) ? {} : { platform: formatPlatform(platform) }),
      ...(attests === undefined ? {} : { attests }),
      config: manifest.config.digest,
      layers: manifest.layers.map((layer) => layer.digest),
    },
  ];
}

function sizesOf(nodes: readonly TreeNode[]): Map<Digest, number> {
  const sizes = new Map<Digest, number>();
  for (const { digest, bytes, manifest } of nodes) {
    sizes.set(digest, bytes.length);
    if (manifest.kind === 'index') continue;
    for (const blob of blobsOf(manifest)) sizes.set(blob.digest, blob.size);
  }
  return sizes;
}
