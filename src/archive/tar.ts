import type { BundleTree, TreeFile } from '../bundle/index.ts';
import type { LocalPort } from '../image/index.ts';
import { type ByteSource, joinSegments, type Segment, sizeOfSegment } from './byte-source.ts';
import { END_OF_ARCHIVE, type HeaderFields, paddingOf, tarHeader } from './tar-header.ts';

/** One entry of an archive: a folder, a file from memory or from a pool, or a second name of an earlier file. */
export type TarEntry = { readonly path: string } & (
  | { readonly kind: 'folder' }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array; readonly isExecutable?: boolean }
  | ({ readonly kind: 'blob' } & Extract<Segment, { size: number }>)
  | { readonly kind: 'link'; readonly to: string }
);

/**
 * The archive of a bundle, computed from its tree and the place that has its blobs. A folder precedes its first file;
 * regular files precede the links that name them. Blobs that this run has not hashed yet are hashed while they are read:
 * nothing that a disk has changed gets into an archive.
 */
export function bundleTar(tree: BundleTree, port: Pick<LocalPort, 'range'>): ByteSource {
  const folders = new Set<string>();
  return computeTar(tree.flatMap((file) => [...newFolders(file.path, folders), toEntry(file, port)]));
}

function newFolders(path: string, known: Set<string>): TarEntry[] {
  const parts = path.split('/').slice(0, -1);
  const folders = parts.map((_, depth) => parts.slice(0, depth + 1).join('/'));
  const added = folders.filter((folder) => !known.has(folder));
  for (const folder of added) known.add(folder);
  return added.map((folder) => ({ kind: 'folder', path: folder }));
}

function toEntry(file: TreeFile, port: Pick<LocalPort, 'range'>): TarEntry {
  if (file.kind !== 'blob') return file;
  const { path, size, digest } = file;
  return { kind: 'blob', path, size, open: (start, end) => port.range({ digest, size }, start, end) };
}

/**
 * Lays out an archive of the entries in their order. It is computed, not stored: its length is known before a byte is
 * read, and any range can be read.
 */
export function computeTar(entries: readonly TarEntry[]): ByteSource {
  const segments: Segment[] = [];
  for (const entry of entries) {
    segments.push({ bytes: tarHeader(fieldsOf(entry)) });
    if (entry.kind !== 'bytes' && entry.kind !== 'blob') continue;
    segments.push(entry, { bytes: END_OF_ARCHIVE.subarray(0, paddingOf(sizeOfSegment(entry))) });
  }
  return joinSegments([...segments, { bytes: END_OF_ARCHIVE }]);
}

function fieldsOf(entry: TarEntry): HeaderFields {
  const { path } = entry;
  if (entry.kind === 'folder') return { path: `${path}/`, type: 'directory', size: 0 };
  if (entry.kind === 'link') return { path, type: 'link', size: 0, linkTo: entry.to };
  const isExecutable = entry.kind === 'bytes' && entry.isExecutable === true;
  return { path, type: 'file', size: sizeOfSegment(entry), isExecutable };
}
