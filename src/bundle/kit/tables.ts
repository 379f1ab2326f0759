import type { Manifests } from '../../image/index.ts';
import {
  isForPlatform,
  type Lock,
  type LockedImage,
  type PlatformLeaf,
  repositoryPath,
  splitName,
  taggedDigest,
} from '../../lock/index.ts';
import type { Digest } from '../../oci/digest.ts';
import { byText } from '../../text/by-text.ts';
import {
  importRank,
  isImportable,
  repositoryReferrers,
  repositoryTags,
  rootNameByStored,
} from '../layout-files.ts';

const NONE = '-';
const IMAGE_COLUMNS = [
  'name',
  'tag',
  'digest',
  'platform',
  'config',
  'leaf',
  'root',
  'repository',
  'kind',
  'subject',
] as const;
type ImageRow = Readonly<Record<(typeof IMAGE_COLUMNS)[number], string>>;

/**
 * `kit/images.tsv`: a line for each stored name and leaf, in the order in which importers take them, then one for each
 * referrer and repository. No field is empty or has a tab in it: names, tags and platforms are those of the lock's grammar.
 */
export function imagesTable(lock: Lock, manifests: Manifests): string {
  const images = lock.images
    .map((image) => ({ image, rank: importRank(image, manifests) }))
    .toSorted((a, b) => a.rank - b.rank)
    .flatMap(({ image }) => imageRows(image, manifests));
  return table(
    IMAGE_COLUMNS,
    [...images, ...referrerRows(lock)].map((row) => IMAGE_COLUMNS.map((column) => row[column])),
  );
}

function imageRows(image: LockedImage, manifests: Manifests): ImageRow[] {
  const rootNames = rootNameByStored(image);
  const platforms = image.leaves.filter(isForPlatform);
  return image.names.flatMap((stored) => {
    const { name, tag } = splitName(stored);
    const rootName = rootNames.get(stored);
    const common = {
      name: rootName === undefined ? NONE : splitName(rootName).name,
      tag,
      digest: taggedDigest(image),
      root: image.root,
      repository: repositoryPath(name),
      subject: NONE,
    };
    if (platforms.length === 0)
      return [{ ...common, platform: NONE, config: NONE, leaf: NONE, kind: 'artifact' }];
    return platforms.map((leaf) => ({ ...common, ...leafColumns(leaf, manifests) }));
  });
}

function leafColumns(
  leaf: PlatformLeaf,
  manifests: Manifests,
): Pick<ImageRow, 'platform' | 'config' | 'leaf' | 'kind'> {
  return {
    platform: leaf.platform,
    config: leaf.config,
    leaf: leaf.digest,
    kind: isImportable(leaf, manifests) ? 'image' : 'opaque',
  };
}

function referrerRows(lock: Lock): ImageRow[] {
  const subjects = new Map<Digest, Digest>(
    lock.images.flatMap(({ referrers }) =>
      referrers.map(({ digest, subject }) => [digest, subject] as const),
    ),
  );
  return [...repositoryReferrers(lock, repositoryTags(lock))]
    .toSorted(([a], [b]) => byText(a, b))
    .flatMap(([repository, referrers]) =>
      [...referrers].flatMap(([digest, tags]) =>
        (tags.size === 0 ? [NONE] : [...tags]).map((tag) => ({
          name: NONE,
          tag,
          digest,
          platform: NONE,
          config: NONE,
          leaf: NONE,
          root: digest,
          repository,
          kind: 'referrer',
          subject: subjects.get(digest) ?? NONE,
        })),
      ),
    );
}

/**
 * `kit/manifests.tsv`: a line for each manifest and index that is in the bundle, with those of the digests that it names
 * which are there as well: an image's config, then its layers; an index's children.
 */
export function manifestsTable(lock: Lock, manifests: Manifests): string {
  const rows = [...manifests]
    .filter(([digest]) => Object.hasOwn(lock.blobs, digest))
    .toSorted(([a], [b]) => byText(a, b))
    .map(([digest, { manifest, size }]) => {
      const named = manifest.kind === 'index' ? manifest.manifests : [manifest.config, ...manifest.layers];
      const content = named.flatMap((one) => (Object.hasOwn(lock.blobs, one.digest) ? [one.digest] : []));
      return [digest, manifest.mediaType, String(size), content.length === 0 ? NONE : content.join(' ')];
    });
  return table(['digest', 'mediaType', 'size', 'content'], rows);
}

function table(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  return [`# ${columns.join('\t')}`, ...rows.map((row) => row.join('\t'))]
    .map((line) => `${line}\n`)
    .join('');
}
