import { openSized, readRange } from '../files/index.ts';
import type { Digest } from '../oci/digest.ts';
import { checkedBytes } from '../store/index.ts';
import type { Seekable } from './read-tar.ts';

/** Bytes of known length, of which any range can be read, as often as needed. */
export interface ByteSource {
  readonly size: number;
  /**
   * The bytes from `start` up to `end`, exclusive.
   * @throws Error where a file is shorter than it was; DamagedBlobError where one that is read whole is not what its
   *   digest says
   */
  read(start?: number, end?: number): AsyncGenerator<Uint8Array>;
}

/**
 * A regular file of which any range can be read. It is opened for each range, and stays closed between them.
 * @param within real folders that the file must lie in, links followed; anywhere, where they are left out
 * @throws OciSaveError `local` for what is not a regular file, or lies elsewhere; the error of the system
 */
export async function seekableFile(file: string, within?: readonly string[]): Promise<Seekable> {
  const { handle, size } = await openSized(file, within);
  await handle.close();
  return {
    size,
    async *read(start, end) {
      const opened = await openSized(file, within);
      if (end > start)
        yield* opened.handle.createReadStream({ start, end: end - 1, highWaterMark: 1024 * 1024 });
      else await opened.handle.close();
    },
  };
}

/** A piece of a source: bytes in memory, or what is opened when it is read. */
export type Segment =
  | { readonly bytes: Uint8Array }
  | { readonly size: number; readonly open: (start: number, end: number) => AsyncIterable<Uint8Array> };

/** A segment at its position in a source. */
type Placed = { readonly at: number; readonly segment: Segment; readonly size: number };

/** How many bytes a segment has. */
export function sizeOfSegment(segment: Segment): number {
  return 'bytes' in segment ? segment.bytes.length : segment.size;
}

/**
 * A whole file. Where its digest is known, each reading from end to end checks it.
 * @param within real folders that it must lie in, links followed; anywhere, where they are left out
 */
export function fileSegment(
  file: string,
  size: number,
  digest: Digest | undefined,
  within?: readonly string[],
): Segment {
  return {
    size,
    open: (start, end) =>
      digest !== undefined && end - start === size
        ? checkedBytes(file, { digest, size }, within)
        : readRange(file, start, end, within),
  };
}

/** The segments one after the other, as one source. Opens nothing before it is read. Only its last chunk may be small. */
export function joinSegments(segments: Iterable<Segment>): ByteSource {
  const placed: Placed[] = [];
  let size = 0;
  for (const segment of joinBytes(segments)) {
    const length = sizeOfSegment(segment);
    if (length > 0) placed.push({ at: size, segment, size: length });
    size += length;
  }
  return { size, read: (start = 0, end = size) => gathered(readPlaced(placed, start, end)) };
}

async function* readPlaced(
  placed: readonly Placed[],
  start: number,
  end: number,
): AsyncGenerator<Uint8Array> {
  for (let index = firstAt(placed, start); index < placed.length; index += 1) {
    const next = placed[index];
    if (next === undefined || next.at >= end) return;
    const from = Math.max(start - next.at, 0);
    const to = Math.min(end - next.at, next.size);
    if (from >= to) continue;
    if ('bytes' in next.segment) yield next.segment.bytes.subarray(from, to);
    else yield* next.segment.open(from, to);
  }
}

/** Bytes in memory that follow each other become one segment: a bundle of 1,000 images has 10,000 headers of links. */
function* joinBytes(segments: Iterable<Segment>): Generator<Segment> {
  let run: Uint8Array[] = [];
  for (const segment of segments) {
    if ('bytes' in segment) {
      run.push(segment.bytes);
      continue;
    }
    if (run.length > 0) yield { bytes: Buffer.concat(run) };
    run = [];
    yield segment;
  }
  if (run.length > 0) yield { bytes: Buffer.concat(run) };
}

/** Each chunk is hashed, written and counted: many of 512 bytes would cost more than the bytes themselves. */
const LEAST_CHUNK_BYTES = 64 * 1024;

/** The same bytes with small chunks put together. A large one is passed on as it is. */
async function* gathered(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let small: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    if (small.length === 0 && chunk.length >= LEAST_CHUNK_BYTES) {
      yield chunk;
      continue;
    }
    small.push(chunk);
    length += chunk.length;
    if (length < LEAST_CHUNK_BYTES) continue;
    yield Buffer.concat(small);
    small = [];
    length = 0;
  }
  if (length > 0) yield Buffer.concat(small);
}

/** The index of the segment in which a position lies. */
function firstAt(segments: readonly Placed[], position: number): number {
  let [low, high] = [0, segments.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const segment = segments[middle];
    if (segment !== undefined && segment.at + segment.size <= position) low = middle + 1;
    else high = middle;
  }
  return low;
}
