import type { Digest } from '../oci/digest.ts';
import { type ByteSource, joinSegments, type Segment } from './byte-source.ts';
import { END_OF_ARCHIVE, paddingOf, tarHeader } from './tar-header.ts';

/** One entry of an archive: a folder, a file from memory, a pool or the disk, or a second name of an earlier file. */
export type TarEntry =
  | { readonly kind: 'folder'; readonly path: string }
  | { readonly kind: 'bytes'; readonly path: string; readonly bytes: Uint8Array }
  | {
      readonly kind: 'file';
      readonly path: string;
      readonly size: number;
      readonly file: string;
      /** Checked whenever the whole file is read. */
      readonly digest?: Digest | undefined;
    }
  | {
      readonly kind: 'blob';
      readonly path: string;
      readonly size: number;
      readonly open: (start: number, end: number) => AsyncIterable<Uint8Array>;
    }
  | { readonly kind: 'link'; readonly path: string; readonly to: string };

/** A tar that is computed, not stored: its length is known before a byte is read, and any range can be read. */
export type ComputedTar = ByteSource;

/** Lays out an archive of the entries in their order. Reads no file. */
export async function computeTar(entries: readonly TarEntry[]): Promise<ComputedTar> {
  const segments: Segment[] = [];
  for (const entry of entries) {
    segments.push({ bytes: await headerOf(entry) });
    if (entry.kind === 'bytes') segments.push({ bytes: entry.bytes });
    if (entry.kind === 'file') segments.push({ file: entry.file, size: entry.size, digest: entry.digest });
    if (entry.kind === 'blob') segments.push({ size: entry.size, open: entry.open });
    segments.push({ bytes: END_OF_ARCHIVE.subarray(0, paddingOf(contentLength(entry))) });
  }
  return joinSegments([...segments, { bytes: END_OF_ARCHIVE }]);
}

function headerOf(entry: TarEntry): Promise<Uint8Array> {
  const { path } = entry;
  switch (entry.kind) {
    case 'folder':
      return tarHeader({ path: `${path}/`, type: 'directory', size: 0 });
    case 'link':
      return tarHeader({ path, type: 'link', size: 0, linkTo: entry.to });
    case 'bytes':
    case 'blob':
    case 'file':
      return tarHeader({ path, type: 'file', size: contentLength(entry) });
  }
}

function contentLength(entry: TarEntry): number {
  if (entry.kind === 'bytes') return entry.bytes.length;
  return entry.kind === 'file' || entry.kind === 'blob' ? entry.size : 0;
}
