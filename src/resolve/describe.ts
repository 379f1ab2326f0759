import { OciSaveError } from '../errors.ts';
import type { ReadPort, Image, Manifests } from '../image/index.ts';
import { formatOrigin, referenceIn } from '../list/index.ts';
import {
  buildLock,
  type Leaf,
  type Lock,
  type LockedImage,
  lockedImageSchema,
  taggedDigest,
} from '../lock/index.ts';
import { MAX_BYTES } from '../oci/descriptor.ts';
import { type Digest, digestTag, shortDigest } from '../oci/digest.ts';
import { isImage, opaqueLayerTypes, parseManifest } from '../oci/manifest.ts';
import { isBuildCacheType, isForeignLayerType } from '../oci/media-type.ts';
import { formatPlatform } from '../oci/platform.ts';
import { formatReference } from '../oci/reference.ts';
import type { Store } from '../store/index.ts';
import type { ManifestTree, TreeNode } from './node.ts';
import { rootOf } from './root.ts';
import { join, type WantedImage } from './wanted.ts';

/** An image of this run, from its request to the report. */
export interface ResolvedImage extends Image {
  readonly wanted: WantedImage;
  /** Where its blobs are read; undefined where resolving brought all of them. */
  readonly content: ReadPort | undefined;
  /** Bytes of the manifests that no source serves: narrowed, converted, or taken out of an archive. */
  readonly made: ReadonlyMap<Digest, Uint8Array>;
  /** What was unusual, left out or changed: sentences for people. */
  readonly notes: readonly string[];
}

export interface Described extends Pick<ResolvedImage, 'wanted' | 'content'> {
  readonly tree: ManifestTree;
  /** The top as its source served it, where the tree is a conversion. */
  readonly served?: Pick<TreeNode, 'digest' | 'manifest'>;
  readonly converted: ReadonlyMap<Digest, Digest>;
  readonly notes: string[];
  readonly options: { readonly store: Store; readonly index: 'auto' | 'keep' | 'narrow' };
  readonly origin?: Pick<LockedImage, 'imageId' | 'diffIds' | 'converted'>;
}

/**
 * Makes the image of a tree, and puts its manifests into the store.
 * @throws OciSaveError `digest` or `unsupported` where a lock cannot hold what the publisher wrote
 */
export async function describe(described: Described): Promise<ResolvedImage> {
  const { wanted, content, tree, served = tree.top, converted, notes, options, origin } = described;
  const isNarrow = options.index === 'narrow';
  const root = rootOf(tree);
  const narrowed = root.made.size > 0 || root.digest !== tree.top.digest;
  const tagged = isNarrow ? root.digest : tree.top.digest;
  if (narrowed && isNarrow)
    notes.push('its index was narrowed to the platforms taken: what signs the whole index does not fit it');
  if (narrowed && wanted.pin !== undefined) {
    notes.push('it was pinned by digest, and readers that take no sparse index get another one');
  }
  notes.push(...contentNotes(tree));
  const underRoot = new Set(root.kept.map(({ digest }) => digest));
  const kept = isNarrow ? tree.nodes.filter(({ digest }) => underRoot.has(digest)) : tree.nodes;
  refuseTooMany(kept);
  const leaves = kept.flatMap(toLeaves);
  const indexes = [...root.made].map(([digest, bytes]) => ({
    digest,
    bytes,
    manifest: parseManifest(bytes),
  }));
  const changed = new Set(converted.values());
  const unserved = kept.filter(({ digest }) => content === undefined || changed.has(digest));
  const made = new Map([...root.made, ...unserved.map(({ digest, bytes }) => [digest, bytes] as const)]);
  const manifests: Manifests = new Map(
    [...kept, ...indexes].map(({ digest, bytes, manifest }) => [
      digest,
      { digest, size: bytes.length, manifest },
    ]),
  );
  const sizes = sizesOf(manifests);
  const locked: LockedImage = {
    ref: lockedRef(wanted),
    names: distinctNames(wanted.names.map(({ name, tag }) => `${name}:${tag ?? digestTag(tagged)}`)),
    source: wanted.source.transport,
    digest: served.digest,
    mediaType: served.manifest.mediaType,
    root: root.digest,
    rootMediaType: root.mediaType,
    ...(converted.size > 0 ? { converted: Object.fromEntries(converted) } : {}),
    ...origin,
    // What changes nothing of an image is not said of it: the same content is the same lock.
    ...(narrowed && options.index !== 'auto' ? { index: options.index } : {}),
    ...(converted.size > 0 ? { format: 'oci' as const } : {}),
    platforms: [...new Set(leaves.flatMap(({ platform }) => platform ?? []))].toSorted(),
    leaves,
    referrers: [],
  };
  refuseUnlockable(locked);
  // Each as private as that of which it was made.
  const servedAs = new Map([...converted].map(([served, made]) => [made, served]));
  await Promise.all(
    tree.nodes.map(({ digest, bytes }) => options.store.put(bytes, servedAs.get(digest) ?? digest)),
  );
  await Promise.all(indexes.map(({ bytes }) => options.store.put(bytes, tree.top.digest)));
  return { ...locked, wanted, content, manifests, sizes, made, notes };
}

/** Images that a list asks for in several ways, with and without the digest, are one. In the order of the first. */
export function joinSame(images: readonly ResolvedImage[]): ResolvedImage[] {
  const groups = Map.groupBy(images, (image) =>
    [image.ref, image.source, image.digest, image.root, taggedDigest(image)].join(' '),
  );
  return [...groups.values()].flatMap(([first, ...others]) =>
    first === undefined ? [] : [others.reduce(joinTwo, first)],
  );
}

function joinTwo(a: ResolvedImage, b: ResolvedImage): ResolvedImage {
  // A name of the list outranks one that the source gave.
  const [one, other] = a.wanted.namedBySource === true ? [b, a] : [a, b];
  return {
    ...one,
    wanted: join(one.wanted, other.wanted),
    names: distinctNames([...one.names, ...other.names]),
    notes: [...new Set([...one.notes, ...other.notes])],
  };
}

function distinctNames(names: readonly string[]): string[] {
  return [...new Set(names)].toSorted();
}

/** What a lock says of an image, in the lock's order of fields. */
export function lockedImageOf(image: ResolvedImage): LockedImage {
  const {
    wanted: _wanted,
    content: _content,
    manifests: _manifests,
    sizes: _sizes,
    made: _made,
    notes: _notes,
    ...locked
  } = image;
  return locked;
}

/** The lock of images. Throws `list` for two images under one name. */
export function lockOf(images: readonly ResolvedImage[]): Lock {
  return buildLock(
    images.map((image) => ({
      image: lockedImageOf(image),
      sizes: image.sizes,
      origins: image.wanted.origins.map(formatOrigin),
    })),
  );
}

/**
 * What the lock calls an image: no path of this machine, and beside a tag no digest, which stands in a field of its own,
 * since the same content gives the same lock anywhere and whatever the list looked like.
 */
export function lockedRef({ ref, source, names }: WantedImage): string {
  if (source.transport === 'docker') {
    const { tag } = source.reference;
    return tag === undefined ? ref : formatReference({ ...source.reference, digest: undefined });
  }
  const named = referenceIn(source);
  if (named !== undefined && named.digest === undefined) return formatReference(named);
  const [stored] = names;
  return stored === undefined ? ref : `${stored.name}${stored.tag === undefined ? '' : `:${stored.tag}`}`;
}

/**
 * Refuses an image that the reader of its lock would refuse, so that what a publisher wrote cannot make the lock of other
 * images unreadable.
 * @throws OciSaveError `unsupported`
 */
export function refuseUnlockable(image: LockedImage): void {
  const parsed = lockedImageSchema.safeParse(image);
  if (parsed.success) return;
  const field = parsed.error.issues[0]?.path.join('.') ?? '';
  throw new OciSaveError({ code: 'unsupported', message: `no lock can hold it: its ${field} is not valid` });
}

/** Layer types that a note names. */
const MAX_TYPES = 3;

/** What readers of a bundle would not expect of an image's content. */
function contentNotes({ nodes }: ManifestTree): string[] {
  const opaque = new Set(
    nodes.flatMap(({ manifest }) => (manifest.kind === 'manifest' ? opaqueLayerTypes(manifest) : [])),
  );
  const types = [...opaque].slice(0, MAX_TYPES).join(', ');
  return [
    ...(nodes.some(hasForeignLayer)
      ? ['it has foreign layers: they are in the bundle, but containerd asks their publisher even so']
      : []),
    ...(opaque.size > 0
      ? [
          `importers cannot unpack its layers of type ${types}: it is last in index.json, and manifest.json leaves out what has them`,
        ]
      : []),
    ...(nodes.some(isBuildCache) ? ['it is a build cache of BuildKit, not an image'] : []),
  ];
}

function hasForeignLayer({ manifest }: TreeNode): boolean {
  return (
    manifest.kind === 'manifest' && manifest.layers.some(({ mediaType }) => isForeignLayerType(mediaType))
  );
}

function isBuildCache({ manifest }: TreeNode): boolean {
  return manifest.kind === 'manifest' && isBuildCacheType(manifest.config.mediaType);
}

/** The most layers that the leaves of one image may name, each counted as often as it is listed. */
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
 * A leaf as the lock has it: one entry for each platform under which its index lists it, and for each leaf to which it
 * attests. Readers find a platform by its entry, and blobs by the digest, which all entries share.
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

/**
 * Bytes of every blob that manifests name, themselves included.
 * @throws OciSaveError `digest` where they say two sizes of one blob, `unsupported` where all together are more than any
 *   disk holds
 */
export function sizesOf(manifests: Manifests): Map<Digest, number> {
  const sizes = new Map<Digest, number>();
  const add = (digest: Digest, size: number): void => {
    const known = sizes.get(digest) ?? size;
    if (known !== size) {
      const message = `it says that blob ${shortDigest(digest)} has ${size} bytes, and that it has ${known}`;
      throw new OciSaveError({ code: 'digest', message });
    }
    sizes.set(digest, size);
  };
  // Manifests first: their sizes were measured.
  for (const { digest, size } of manifests.values()) add(digest, size);
  for (const { manifest } of manifests.values()) {
    if (manifest.kind === 'index') continue;
    for (const { digest, size } of [manifest.config, ...manifest.layers]) add(digest, size);
  }
  if ([...sizes.values()].reduce((sum, size) => sum + size, 0) > MAX_BYTES) {
    const message = 'its blobs together are more than any disk holds';
    throw new OciSaveError({ code: 'unsupported', message });
  }
  return sizes;
}
