import type { Lock } from '../../lock/index.ts';
import { type Digest, hexOf, isDigest } from '../../oci/digest.ts';
import { kitFiles } from '../kit/kit.ts';
import { flatNames, repositoryReferrers, repositoryTags } from '../layout-files.ts';
import { planTree, REGISTRY_FOLDER, type View } from '../tree.ts';

/** The content of a bundle's folder that its lock accounts for. Paths are relative, with slashes; the folder itself is ''. */
export interface BundleExplanation {
  /** Files that are neither blobs nor files of `layouts`. */
  readonly files: ReadonlySet<string>;
  /** Folders of layouts, with the digest of each tag. */
  readonly layouts: ReadonlyMap<string, ReadonlyMap<string, Digest>>;
  /** The folders above these files and layouts. */
  readonly folders: ReadonlySet<string>;
  /** The hex digits of all blobs. */
  readonly blobs: ReadonlySet<string>;
  /** Where a server finds the repositories. */
  readonly registry: string;
  /** The digests of files as they were written, where the bundle lists them. */
  readonly sums: ReadonlyMap<string, Digest>;
}

/**
 * The content that a bundle of these views has by its lock. No manifest is read: the lock has the names of the blobs, and
 * the digests of the tags.
 * @throws OciSaveError where the lock's names are invalid
 */
export function explainBundle(
  lock: Lock,
  views: readonly View[],
  sums: ReadonlyMap<string, Digest>,
): BundleExplanation {
  const registry = views.length > 1 ? REGISTRY_FOLDER : '';
  const layouts = new Map<string, ReadonlyMap<string, Digest>>();
  if (views.includes('oci')) layouts.set('', flatNames(lock));
  const images = repositoryTags(lock);
  const referrers = repositoryReferrers(lock, images);
  for (const [repository, tags] of views.includes('zot') ? images : []) {
    const digests = new Map([...tags].map(([tag, { digest }]) => [tag, digest]));
    for (const [digest, own] of referrers.get(repository) ?? [])
      for (const tag of own) digests.set(tag, digest);
    layouts.set(joinPath(registry, repository), digests);
  }
  // Not `lock.files`: a path does not say what the file is.
  const kit = views.length > 1 ? kitFiles(lock, new Map(), []) : [];
  const files = new Set([...fixedFiles(views), ...kit.map(({ path }) => path)]);
  return {
    files,
    layouts,
    folders: foldersOf([
      ...files,
      ...sums.keys(),
      ...[...layouts.keys()].map((at) => joinPath(at, 'index.json')),
    ]),
    blobs: new Set(Object.keys(lock.blobs).filter(isDigest).map(hexOf)),
    registry,
    sums,
  };
}

const fixed = new Map<string, ReadonlySet<string>>();

/** The files that every bundle of these views has. They are planned once, when they are first asked for: the kit is hashed. */
export function fixedFiles(views: readonly View[]): ReadonlySet<string> {
  const key = views.join();
  const known = fixed.get(key) ?? planFixedFiles(views);
  fixed.set(key, known);
  return known;
}

function planFixedFiles(views: readonly View[]): ReadonlySet<string> {
  const empty: Lock = { version: 1, images: [], files: [], blobs: {} };
  return new Set(planTree(empty, new Map(), views, () => '').map(({ path }) => path));
}

/** A path below a folder of a bundle. */
export function joinPath(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}

function foldersOf(paths: Iterable<string>): Set<string> {
  const folders = new Set<string>();
  for (const path of paths) {
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
      const folder = path.slice(0, end);
      if (folders.has(folder)) break;
      folders.add(folder);
    }
  }
  return folders;
}
