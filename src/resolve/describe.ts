import { OciSaveError } from '../errors.ts';
import type { Leaf, LockedImage } from '../lock/index.ts';
import { type Digest, digestOf, digestTag } from '../oci/digest.ts';
import { isImage } from '../oci/manifest.ts';
import { isForeignLayerType } from '../oci/media-type.ts';
import { formatPlatform } from '../oci/platform.ts';
import { formatReference } from '../oci/reference.ts';
import type { Store } from '../store/index.ts';
import { refuseUnlockable } from './lockable.ts';
import { rootOf } from './root.ts';
import { sizesOf } from './sizes.ts';
import type { ManifestTree, TreeNode } from './node.ts';
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

/**
 * Puts a tree into the lock's words and its manifests into the store.
 * @throws OciSaveError `digest` or `unsupported` where what the publisher wrote cannot stand in a lock
 */
export async function describe({
  wanted,
  tree,
  converted,
  notes,
  options,
  origin,
}: Described): Promise<ResolvedImage> {
  const root = rootOf(tree, digestOf);
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
  const underRoot = new Set(root.kept.map(({ digest }) => digest));
  const kept =
    options.index === 'narrow' ? tree.nodes.filter(({ digest }) => underRoot.has(digest)) : tree.nodes;
  refuseTooMany(kept);
  const leaves = kept.flatMap(toLeaves);
  const sizes = sizesOf(kept, new Map(root.made.map((bytes) => [digestOf(bytes), bytes.length])));
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
  refuseUnlockable(image);
  await Promise.all(
    [...tree.nodes.map(({ bytes }) => bytes), ...root.made].map((bytes) => options.store.put(bytes)),
  );
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

/** Layers that the leaves of one image name, each as often as it is listed. */
const MAX_LISTED_LAYERS = 200_000;

/**
 * An index of some kilobytes can list one child for thousands of platforms, and the lock repeats its layers for each.
 * @throws OciSaveError `unsupported`
 */
function refuseTooMany(nodes: readonly TreeNode[]): void {
  const listed = nodes.reduce(
    (sum, { manifest, platforms, attests }) =>
      manifest.kind === 'index'
        ? sum
        : sum + Math.max(1, platforms.length + attests.length) * (manifest.layers.length + 1),
    0,
  );
  if (listed <= MAX_LISTED_LAYERS) return;
  const message = `its platforms list ${listed} layers: ${MAX_LISTED_LAYERS} are the limit`;
  throw new OciSaveError({ code: 'unsupported', message });
}

/**
 * A leaf as the lock has it: once for each platform under which its index lists it, and once for each leaf to which it
 * attests. Every reader finds what is there for a platform by its entry, as in the index, and what has to do with blobs
 * goes by the digest, which is one.
 */
function toLeaves({ digest, manifest, platforms, attests }: TreeNode): Leaf[] {
  if (manifest.kind === 'index') return [];
  const listed = [
    ...(isImage(manifest) ? platforms : []).map((platform) => ({ platform: formatPlatform(platform) })),
    ...attests.map((attested) => ({ attests: attested })),
  ];
  return (listed.length > 0 ? listed : [{}]).map((one) => ({
    digest,
    mediaType: manifest.mediaType,
    ...one,
    config: manifest.config.digest,
    layers: manifest.layers.map((layer) => layer.digest),
  }));
}
