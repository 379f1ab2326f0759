import { z } from 'zod';
import { digestOf, isDigest } from '../../oci/digest.ts';
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

/** What a bundle's folder holds beside what its lock explains. */
export interface FolderFindings {
  readonly foreign: readonly ForeignContent[];
  /** What a server keeps for itself while it runs, by path: it may be lost. */
  readonly state: readonly string[];
}

const LAYOUT_FILES = new Set(['index.json', 'oci-layout']);

/**
 * Compares a bundle's folder with what its lock explains. What is missing or damaged is ignored: a save heals it. An
 * index.json is compared by what it names, since zot writes it anew; the blobs of an image that was pushed are not named
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
    else if ((layout !== undefined && LAYOUT_FILES.has(name)) || explained.files.has(path)) continue;
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

interface JudgedLayout {
  readonly added: readonly ForeignContent[];
  /** A repository that somebody began to push to. */
  readonly empty: boolean;
}

/** Undefined where a folder is not a layout, or not one that can be read. */
function judgeLayout(
  folder: FolderContent,
  at: string,
  explained: BundleExplanation,
): JudgedLayout | undefined {
  const tags = explained.layouts.get(at);
  const bytes = folder.read.get('index.json');
  const entries = bytes === undefined ? undefined : parseLayoutEntries(bytes);
  // A damaged index.json of ours hides nothing: what was pushed beside it shows in the blobs.
  if (bytes === undefined || entries === undefined)
    return tags === undefined ? undefined : { added: [], empty: false };
  if (explained.sums.get(joinPath(at, 'index.json')) === digestOf(bytes)) return { added: [], empty: false };
  const isOurs = ({ digest, tag }: LayoutEntry): boolean =>
    tag === undefined
      ? tags !== undefined && isDigest(digest) && explained.blobs.has(digest.slice('sha256:'.length))
      : tags?.get(tag) === digest;
  const added = entries.filter((entry) => !isOurs(entry));
  return { added: imagesOf(added, at, explained), empty: tags === undefined && entries.length === 0 };
}

/** Children stand untagged beside the index that names them: where there are tags, they are enough. */
function imagesOf(
  entries: readonly LayoutEntry[],
  at: string,
  { registry }: BundleExplanation,
): ForeignContent[] {
  const repository = registry !== '' && at.startsWith(`${registry}/`) ? at.slice(registry.length + 1) : at;
  const tagged = entries.filter(({ tag }) => tag !== undefined);
  const names = (tagged.length > 0 ? tagged : entries).map(({ tag, digest }) => {
    if (tag !== undefined) return repository === '' ? tag : `${repository}:${tag}`;
    // Whole, since it is what a delete by digest takes.
    return `${repository}@${digest}`;
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
    if (kind !== 'file') return [{ path, kind }];
    const hex = BLOB.exec(name)?.[1];
    if (hex === undefined) return [{ path, kind }];
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

/** One entry of an index.json, as its last writer left it. */
interface LayoutEntry {
  readonly digest: string;
  readonly tag: string | undefined;
}

const indexSchema = z.looseObject({
  manifests: z
    .array(z.looseObject({ digest: z.string(), annotations: z.record(z.string(), z.unknown()).nullish() }))
    .nullable(),
});

/**
 * What an index.json names, whatever else it says and however it is written; undefined where it is not such a file. zot writes
 * `null` where there are no entries.
 */
function parseLayoutEntries(bytes: Uint8Array): LayoutEntry[] | undefined {
  const parsed = indexSchema.safeParse(jsonIn(bytes));
  if (!parsed.success) return undefined;
  return (parsed.data.manifests ?? []).map(({ digest, annotations }) => {
    const tag = annotations?.[REF_NAME];
    return { digest, tag: typeof tag === 'string' ? tag : undefined };
  });
}

/** What zot keeps on disk beside the repositories (project-zot/zot: pkg/storage/constants, pkg/storage/local, pkg/meta). */

/** At its root: its databases, its marker, and what it tries hard links with. */
export const SERVER_FILES: ReadonlySet<string> = new Set([
  'cache.db',
  'meta.db',
  '_restore_complete',
  'hardlinkcheck.txt',
  'duphardlinkcheck.txt',
]);

/** At its root: what it knows of vulnerabilities, and sessions. */
const SERVER_FOLDERS: ReadonlySet<string> = new Set(['_trivy', '_sessions']);

/** In each repository: uploads and copies that have not ended. */
export const UNFINISHED_FOLDERS: ReadonlySet<string> = new Set(['.uploads', '.sync']);
