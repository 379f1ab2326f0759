import { z } from 'zod';
import { digestOf, hexOf, isDigest } from '../../oci/digest.ts';
import { jsonIn } from '../../text/json-in.ts';
import { REF_NAME } from '../../image/index.ts';
import { type BundleExplanation, joinPath } from './bundle-explanation.ts';
import type { FileKind, FolderContent } from './folder-content.ts';

/** Something in a bundle's folder that no run put there. */
export interface ForeignContent {
  /** Relative, with slashes; for an image the repository's folder. */
  readonly path: string;
  readonly kind: FileKind | 'folder' | 'blob' | 'image';
  /** An image's name as it is pulled, without the registry. */
  readonly name?: string;
}

/** What a bundle's folder holds that its lock does not account for. */
export interface FolderFindings {
  readonly foreign: readonly ForeignContent[];
  /** A server's own files, by path: they may be lost. */
  readonly state: readonly string[];
}

/** The files of every layout. */
export const LAYOUT_FILES: readonly string[] = ['index.json', 'oci-layout'];

/**
 * Compares a bundle's folder with what its lock accounts for. What is missing or damaged is ignored: a save heals it. An
 * index.json is compared by what it names, since zot rewrites it; the blobs of an image that was pushed are not listed
 * beside it.
 */
export function findForeign(content: FolderContent, explained: BundleExplanation): FolderFindings {
  return judge(content, '', explained);
}

function judge(folder: FolderContent, at: string, explained: BundleExplanation): FolderFindings {
  const layout = judgeLayout(folder, at, explained);
  const foreign: ForeignContent[] = [...(layout?.added ?? [])];
  const state: string[] = layout?.empty === true ? [`${at}/`] : [];
  const serverRoot = at === '' || at === explained.registry;
  for (const [name, kind] of folder.files) {
    const path = joinPath(at, name);
    if (kind !== 'file') foreign.push({ path, kind });
    else if ((layout !== undefined && LAYOUT_FILES.includes(name)) || explained.files.has(path)) continue;
    else if (serverRoot && SERVER_FILES.has(name)) state.push(path);
    else foreign.push({ path, kind });
  }
  for (const [name, below] of folder.folders) {
    const path = joinPath(at, name);
    const isState = UNFINISHED_FOLDERS.has(name)
      ? layout !== undefined
      : serverRoot && SERVER_FOLDERS.has(name);
    if (isState) {
      if (hasFiles(below)) state.push(`${path}/`);
    } else if (layout !== undefined && name === 'blobs') {
      foreign.push(...judgeBlobs(below, path, layout.added.length > 0, explained));
    } else {
      const inner = judge(below, path, explained);
      state.push(...inner.state);
      foreign.push(...(explained.folders.has(path) ? inner.foreign : inOne(path, inner.foreign)));
    }
  }
  return { foreign, state };
}

/** For a folder without images, its own name says enough. */
function inOne(path: string, foreign: readonly ForeignContent[]): readonly ForeignContent[] {
  const plain = foreign.length > 0 && foreign.every(({ kind }) => kind !== 'image' && kind !== 'blob');
  return plain ? [{ path: `${path}/`, kind: 'folder' }] : foreign;
}

/**
 * What was pushed to a layout; `empty` is a new repository without an image yet. Undefined where a folder is not a
 * layout, or not one that can be read.
 */
function judgeLayout(
  folder: FolderContent,
  at: string,
  explained: BundleExplanation,
): { readonly added: readonly ForeignContent[]; readonly empty: boolean } | undefined {
  const tags = explained.layouts.get(at);
  const bytes = folder.read.get('index.json');
  const entries = bytes === undefined ? undefined : parseLayoutEntries(bytes);
  const nothing = { added: [], empty: false };
  // A damaged index.json of ours hides nothing: what was pushed beside it shows in the blobs.
  if (bytes === undefined || entries === undefined) return tags && nothing;
  if (explained.sums.get(joinPath(at, 'index.json')) === digestOf(bytes)) return nothing;
  const isOurs = ({ digest, tag }: LayoutEntry): boolean =>
    tag === undefined
      ? tags !== undefined && isDigest(digest) && explained.blobs.has(hexOf(digest))
      : tags?.get(tag) === digest;
  const added = entries.filter((entry) => !isOurs(entry));
  return { added: imagesOf(added, at, explained), empty: tags === undefined && entries.length === 0 };
}

/** The children of an index are listed untagged, too: where there are tags, they are enough. */
function imagesOf(
  entries: readonly LayoutEntry[],
  at: string,
  { registry }: BundleExplanation,
): ForeignContent[] {
  const repository = registry !== '' && at.startsWith(`${registry}/`) ? at.slice(registry.length + 1) : at;
  const tagged = entries.filter(({ tag }) => tag !== undefined);
  const names = (tagged.length > 0 ? tagged : entries).map(({ tag, digest }) => {
    // The whole digest, since a delete by digest takes that.
    if (tag === undefined) return `${repository}@${digest}`;
    return repository === '' ? tag : `${repository}:${tag}`;
  });
  return [...new Set(names)].map((name) => ({ path: at, kind: 'image', name }));
}

const BLOB = /^(?:[a-z0-9]+)\/([0-9a-f]{32,128})$/;

function judgeBlobs(
  folder: FolderContent,
  at: string,
  hasAdded: boolean,
  { blobs }: BundleExplanation,
): ForeignContent[] {
  return filesBelow(folder, '').flatMap(([name, kind]): ForeignContent[] => {
    const path = joinPath(at, name);
    const hex = BLOB.exec(name)?.[1];
    if (kind !== 'file' || hex === undefined) return [{ path, kind }];
    const known = hasAdded || (name.startsWith('sha256/') && blobs.has(hex));
    return known ? [] : [{ path, kind: 'blob' }];
  });
}

function filesBelow(folder: FolderContent, at: string): [path: string, kind: FileKind][] {
  return [
    ...[...folder.files].map(([name, kind]): [string, FileKind] => [joinPath(at, name), kind]),
    ...[...folder.folders].flatMap(([name, below]) => filesBelow(below, joinPath(at, name))),
  ];
}

function hasFiles({ files, folders }: FolderContent): boolean {
  return files.size > 0 || [...folders.values()].some(hasFiles);
}

/** One entry of an index.json. */
export interface LayoutEntry {
  readonly digest: string;
  readonly tag: string | undefined;
  /** What else it says of the manifest, whatever that is. */
  readonly size: unknown;
  readonly mediaType: unknown;
}

const indexSchema = z.looseObject({
  manifests: z
    .array(z.looseObject({ digest: z.string(), annotations: z.record(z.string(), z.unknown()).nullish() }))
    .nullable(),
});

/**
 * The entries of an index.json, whichever program wrote it; undefined where it is not such a file. zot writes `null` where
 * there are no entries.
 */
export function parseLayoutEntries(bytes: Uint8Array): LayoutEntry[] | undefined {
  const parsed = indexSchema.safeParse(jsonIn(bytes));
  if (!parsed.success) return undefined;
  return (parsed.data.manifests ?? []).map(({ digest, annotations, size, mediaType }) => {
    const tag = annotations?.[REF_NAME];
    return { digest, tag: typeof tag === 'string' ? tag : undefined, size, mediaType };
  });
}

// What zot keeps on disk beside the repositories (project-zot/zot: pkg/storage/constants, pkg/storage/local, pkg/meta).

/** At its root: its databases, its marker, and the files of its test for hard links. */
export const SERVER_FILES: ReadonlySet<string> = new Set([
  'cache.db',
  'meta.db',
  '_restore_complete',
  'hardlinkcheck.txt',
  'duphardlinkcheck.txt',
]);

/** At its root: its database of vulnerabilities, and sessions. */
const SERVER_FOLDERS: ReadonlySet<string> = new Set(['_trivy', '_sessions']);

/** In each repository: uploads and copies that have not ended. */
export const UNFINISHED_FOLDERS: ReadonlySet<string> = new Set(['.uploads', '.sync']);
