import { type Manifests, REF_NAME } from '../image/index.ts';
import {
  isForPlatform,
  type Leaf,
  type Lock,
  type LockedImage,
  repositoryPath,
  splitName,
  storedRepositories,
  taggedDigest,
} from '../lock/index.ts';
import { blobPath, type Digest, digestTag } from '../oci/digest.ts';
import { isImage, type Manifest, opaqueLayerTypes } from '../oci/manifest.ts';
import { isDockerZstdType, OCI_INDEX } from '../oci/media-type.ts';
import { reachable } from '../oci/reachable.ts';
import { formatReference, parseReference } from '../oci/reference.ts';
import { byText } from '../text/by-text.ts';

const CONTAINERD_NAME = 'io.containerd.image.name';

export const OCI_LAYOUT = '{"imageLayoutVersion":"1.0.0"}\n';

interface Entry {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  readonly annotations?: Record<string, string>;
}

const encode = (manifests: readonly Entry[]): string =>
  `${JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests }, null, 2)}\n`;

function entry(digest: Digest, manifests: Manifests, annotations?: Record<string, string>): Entry[] {
  const stored = manifests.get(digest);
  if (stored === undefined) return [];
  const { mediaType } = stored.manifest;
  // zot sends this mediaType as the Content-Type: without it clients get none.
  return [{ mediaType, digest, size: stored.size, ...(annotations ? { annotations } : {}) }];
}

/**
 * The flat layout's index.json: one entry per image and name, both annotations the full reference, no children.
 * A bare tag becomes an image name in docker, an unnamed child a dangling image. What importers stop at is last.
 */
export function flatIndex(lock: Lock, manifests: Manifests): string {
  const ranks = new Map(lock.images.map((image) => [image.root, importRank(image, manifests)]));
  const rank = (root: Digest): number => ranks.get(root) ?? 0;
  const byName = [...flatNames(lock)].toSorted(([a, x], [b, y]) => rank(x) - rank(y) || byText(a, b));
  return encode(
    byName.flatMap(([name, digest]) =>
      entry(digest, manifests, { [CONTAINERD_NAME]: name, [REF_NAME]: name }),
    ),
  );
}

/**
 * `ctr images import` unpacks one entry after another, and stops at the first that it cannot unpack. First come those that
 * every containerd unpacks, then those of other platforms, then what none unpacks.
 */
export function importRank({ root, leaves }: LockedImage, manifests: Manifests): number {
  const images = leaves.filter(isForPlatform);
  if (images.length === 0 || images.some((leaf) => !isImportable(leaf, manifests))) return 2;
  const isFirst = images.some(
    ({ digest, platform }) =>
      (platform === 'linux/amd64' || digest === root) && !hasDockerZstd(manifests.get(digest)?.manifest),
  );
  return isFirst ? 0 : 1;
}

function hasDockerZstd(manifest: Manifest | undefined): boolean {
  return (
    manifest?.kind === 'manifest' && manifest.layers.some(({ mediaType }) => isDockerZstdType(mediaType))
  );
}

/** What the flat layout's index.json names, by name. */
export function flatNames(lock: Lock): ReadonlyMap<string, Digest> {
  const named = new Map<string, Digest>();
  for (const image of lock.images) for (const name of rootNames(image)) named.set(name, image.root);
  return named;
}

/** One repository of the zot root. */
export interface Repository {
  /** Its folder below the root. */
  readonly path: string;
  readonly index: string;
  /** Everything that its index reaches, sorted. */
  readonly blobs: readonly Digest[];
}

/**
 * The repositories of a zot root. Their index.json holds bare tags, and untagged every child that is present:
 * zot finds a manifest by digest there and nowhere else (storage/common/common.go, GetManifestDescByReference).
 */
export function repositories(lock: Lock, manifests: Manifests): Repository[] {
  const images = repositoryTags(lock);
  const referrers = repositoryReferrers(lock, images);
  return [...images]
    .toSorted(([a], [b]) => byText(a, b))
    .map(([path, tagged]) => ({
      path,
      ...repositoryContent(tagged, referrers.get(path) ?? new Map(), manifests),
    }));
}

/** What a repository's referrers are: those that its images have, each with cosign's tags of it. */
export type RepositoryReferrers = ReadonlyMap<Digest, ReadonlySet<string>>;

/**
 * The referrers of each repository of a zot root, by its folder: zot and others compute their list from the entries of an
 * index.json (storage/imagestore/imagestore.go, GetReferrers). A tag that an image of the list has is the image’s.
 * @param images what `repositoryTags` gives of the same lock
 */
export function repositoryReferrers(
  lock: Lock,
  images: ReadonlyMap<string, ReadonlyMap<string, Tagged>>,
): ReadonlyMap<string, RepositoryReferrers> {
  const taken = new Map<string, Digest>();
  const all = new Map<string, Map<Digest, Set<string>>>();
  for (const image of lock.images) {
    for (const path of storedRepositories(image)) {
      const own = all.get(path) ?? new Map<Digest, Set<string>>();
      all.set(path, own);
      for (const { digest, tag } of image.referrers) {
        const tags = own.get(digest) ?? new Set();
        own.set(digest, tags);
        if (tag === undefined || images.get(path)?.has(tag) === true) continue;
        // Of a tag that moved while the images were read, the first counts.
        const first = taken.get(`${path}:${tag}`) ?? digest;
        taken.set(`${path}:${tag}`, first);
        if (first === digest) tags.add(tag);
      }
    }
  }
  return all;
}

/** The tags of each repository of a zot root, by its folder. */
export function repositoryTags(lock: Lock): ReadonlyMap<string, ReadonlyMap<string, Tagged>> {
  const tags = new Map<string, Map<string, Tagged>>();
  for (const image of lock.images) {
    for (const stored of image.names) {
      const { name, tag } = splitName(stored);
      const path = repositoryPath(name);
      const known = tags.get(path) ?? new Map<string, Tagged>();
      const leaves = image.leaves.map(({ digest }) => digest);
      const joined = new Set([...(known.get(tag)?.leaves ?? []), ...leaves]);
      tags.set(path, known.set(tag, { digest: taggedDigest(image), leaves: joined }));
    }
  }
  return tags;
}

/** The digest of a tag, and which leaves of it were taken. */
export interface Tagged {
  readonly digest: Digest;
  readonly leaves: ReadonlySet<Digest>;
}

/** A referrer is stored whole. */
const EVERY = { has: () => true };

function repositoryContent(
  tagged: ReadonlyMap<string, Tagged>,
  referrers: RepositoryReferrers,
  manifests: Manifests,
): Pick<Repository, 'index' | 'blobs'> {
  const held = new Set<Digest>();
  const blobs = new Set<Digest>();
  const tops = [...tagged.values(), ...[...referrers.keys()].map((digest) => ({ digest, leaves: EVERY }))];
  for (const { digest, leaves } of tops) {
    const below = reachable(digest, manifests, leaves);
    for (const manifest of below.manifests) held.add(manifest);
    for (const blob of [...below.manifests, ...below.blobs]) blobs.add(blob);
  }
  const byTag = [
    ...[...tagged].map(([tag, { digest }]) => [tag, digest] as const),
    ...[...referrers].flatMap(([digest, tags]) => [...tags].map((tag) => [tag, digest] as const)),
  ].toSorted(([a], [b]) => byText(a, b));
  const named = new Set(byTag.flatMap(([tag, digest]) => (tag === digestTag(digest) ? [] : [digest])));
  // An image that has no other name than its digest is listed without a tag, too.
  const untagged = [...held].filter((digest) => !named.has(digest)).toSorted();
  return {
    index: encode([
      ...byTag.flatMap(([tag, digest]) => entry(digest, manifests, { [REF_NAME]: tag })),
      ...untagged.flatMap((digest) => entry(digest, manifests)),
    ]),
    blobs: [...blobs].toSorted(),
  };
}

const HAS_DOMAIN = /^(?:[^/.:A-Z]*[.:A-Z][^/]*|localhost|\[[^/]+)\//;

/**
 * The names under which runtimes will look for an image: full references. Names without a registry are for zot
 * alone, unless there are no others.
 */
export function rootNames(image: LockedImage): string[] {
  return [...new Set(rootNameByStored(image).values())].toSorted();
}

/** The same by stored name; those that are for zot alone are left out. */
export function rootNameByStored({ names }: LockedImage): ReadonlyMap<string, string> {
  const full = names.filter((name) => HAS_DOMAIN.test(name));
  return new Map(
    (full.length > 0 ? full : names).map((name) => [name, formatReference(parseReference(name))]),
  );
}

/** Whether importers can unpack a leaf: it is an image, and they know the types of its layers. */
export function isImportable({ digest }: Leaf, manifests: Manifests): boolean {
  const manifest = manifests.get(digest)?.manifest;
  return manifest?.kind === 'manifest' && isImage(manifest) && opaqueLayerTypes(manifest).length === 0;
}

/** The one platform per image that docker's form can carry: linux/amd64, else the first; an artifact has none. */
function dockerLeaf({ leaves }: LockedImage): Leaf | undefined {
  const images = leaves.filter(isForPlatform);
  return images.find(({ platform }) => platform === 'linux/amd64') ?? images[0];
}

/**
 * docker's manifest.json (moby, image/tarexport): for `docker load` without containerd's store, and for podman
 * where the archive has several images. A digest among the tags would make podman refuse the whole archive, and a leaf
 * that cannot be unpacked would end its load. Another platform does not take the place of such a leaf.
 */
export function dockerManifest(lock: Lock, manifests: Manifests): string {
  const tagsOf = new Map<Digest, { leaf: Leaf; tags: Set<string> }>();
  for (const image of lock.images) {
    const leaf = dockerLeaf(image);
    if (leaf === undefined || !isImportable(leaf, manifests)) continue;
    const known = tagsOf.get(leaf.digest) ?? { leaf, tags: new Set() };
    for (const name of rootNames(image)) known.tags.add(name);
    tagsOf.set(leaf.digest, known);
  }
  const entries = [...tagsOf.values()].map(({ leaf, tags }) => ({
    Config: blobPath(leaf.config),
    RepoTags: [...tags].toSorted(),
    Layers: leaf.layers.map(blobPath),
  }));
  const sorted = entries.toSorted((a, b) => byText(a.RepoTags[0] ?? '', b.RepoTags[0] ?? ''));
  return `${JSON.stringify(sorted, null, 2)}\n`;
}
