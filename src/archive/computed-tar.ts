import { createReadStream } from 'node:fs';
import { END_OF_ARCHIVE, paddingOf, tarHeader } from './tar-header.ts';

/** One entry of an archive: a folder, a file from memory or disk, or a second name of an earlier file. */
export type TarEntry =
  | { readonly kind: 'folder'; readonly path: string }
  | { readonly kind: 'bytes'; readonly path: string; readonly bytes: Uint8Array }
  | { readonly kind: 'file'; readonly path: string; readonly size: number; readonly file: string }
  | { readonly kind: 'link'; readonly path: string; readonly to: string };

/** A tar that is computed, not stored: its length is known before a byte is read, and any range can be read. */
export interface ComputedTar {
  /** Bytes of the whole archive. */
  readonly size: number;
  /** The bytes from `start` up to `end`, exclusive. Throws where a file is shorter than it was. */
  read(start?: number, end?: number): AsyncGenerator<Uint8Array>;
}

type Segment = { readonly at: number; readonly size: number } & (
  | { readonly bytes: Uint8Array }
  | { readonly file: string }
);

const CHUNK_BYTES = 1024 * 1024;

/** Lays out an archive of the entries in their order. Reads no file. */
export async function computeTar(entries: readonly TarEntry[]): Promise<ComputedTar> {
  const segments: Segment[] = [];
  let size = 0;
  const append = (segment: { bytes: Uint8Array } | { file: string }, length: number): void => {
    if (length > 0) segments.push({ ...segment, at: size, size: length });
    size += length;
  };
  for (const entry of entries) {
    const header = await headerOf(entry);
    append({ bytes: header }, header.length);
    const length = contentLength(entry);
    if (entry.kind === 'bytes') append({ bytes: entry.bytes }, length);
    if (entry.kind === 'file') append({ file: entry.file }, length);
    append({ bytes: END_OF_ARCHIVE.subarray(0, paddingOf(length)) }, paddingOf(length));
  }
  append({ bytes: END_OF_ARCHIVE }, END_OF_ARCHIVE.length);

  return {
    size,
    async *read(start = 0, end = size) {
      for (let index = firstAt(segments, start); index < segments.length; index += 1) {
        const segment = segments[index];
        if (segment === undefined || segment.at >= end) return;
        const from = Math.max(start - segment.at, 0);
        const to = Math.min(end - segment.at, segment.size);
        if (from >= to) continue;
        if ('bytes' in segment) yield segment.bytes.subarray(from, to);
        else yield* readFileRange(segment.file, from, to);
      }
    },
  };
}

function headerOf(entry: TarEntry): Promise<Uint8Array> {
  const { path } = entry;
  switch (entry.kind) {
    case 'folder':
      return tarHeader({ path: `${path}/`, type: 'directory', size: 0 });
    case 'link':
      return tarHeader({ path, type: 'link', size: 0, linkTo: entry.to });
    case 'bytes':
    case 'file':
      return tarHeader({ path, type: 'file', size: contentLength(entry) });
  }
}

function contentLength(entry: TarEntry): number {
  if (entry.kind === 'bytes') return entry.bytes.length;
  return entry.kind === 'file' ? entry.size : 0;
}

/** The index of the segment in which a position lies. */
function firstAt(segments: readonly Segment[], position: number): number {
  let [low, high] = [0, segments.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const segment = segments[middle];
    if (segment !== undefined && segment.at + segment.size <= position) low = middle + 1;
    else high = middle;
  }
  return low;
}

async function* readFileRange(file: string, from: number, to: number): AsyncGenerator<Uint8Array> {
  let read = 0;
  const stream = createReadStream(file, { start: from, end: to - 1, highWaterMark: CHUNK_BYTES });
  for await (const chunk of stream) {
    if (!(chunk instanceof Uint8Array)) continue;
    read += chunk.length;
    yield chunk;
  }
  // A header that promised more would shift every entry after it.
  if (read !== to - from)
    throw new Error(`${file} ended after ${from + read} bytes; it had more when it was measured`);
}
