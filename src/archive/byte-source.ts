import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { OciSaveError } from '../errors.ts';
import { type Digest, shortDigest } from '../oci/digest.ts';

/** Bytes of which any range can be read, as often as wanted: its length is known before a byte is read. */
export interface ByteSource {
  readonly size: number;
  /**
   * The bytes from `start` up to `end`, exclusive.
   * @throws Error where a file is shorter than it was; OciSaveError `digest` where one that is read whole is not what its digest says
   */
  read(start?: number, end?: number): AsyncGenerator<Uint8Array>;
}

/** A piece of a source: bytes in memory, or a file from its first byte to its last. */
export type Segment =
  | { readonly bytes: Uint8Array }
  | {
      readonly file: string;
      readonly size: number;
      /** What the file has to hash to; where it is given, each reading of the whole file checks it. */
      readonly digest?: Digest | undefined;
    };

type Placed = { readonly at: number; readonly size: number } & Segment;

const CHUNK_BYTES = 256 * 1024;

/** The segments one after the other, as one source. Opens no file before it is read. */
export function joinSegments(segments: Iterable<Segment>): ByteSource {
  const placed: Placed[] = [];
  let size = 0;
  for (const segment of segments) {
    const length = 'bytes' in segment ? segment.bytes.length : segment.size;
    if (length > 0) placed.push({ ...segment, at: size, size: length });
    size += length;
  }
  return {
    size,
    async *read(start = 0, end = size) {
      for (let index = firstAt(placed, start); index < placed.length; index += 1) {
        const segment = placed[index];
        if (segment === undefined || segment.at >= end) return;
        const from = Math.max(start - segment.at, 0);
        const to = Math.min(end - segment.at, segment.size);
        if (from >= to) continue;
        if ('bytes' in segment) yield segment.bytes.subarray(from, to);
        else if (segment.digest !== undefined && to - from === segment.size)
          yield* checked(segment.file, segment.size, segment.digest);
        else yield* readFileRange(segment.file, from, to);
      }
    },
  };
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

/** A whole file; after its last byte it is known whether it was the right one. */
async function* checked(file: string, size: number, digest: Digest): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  for await (const chunk of readFileRange(file, 0, size)) {
    hash.update(chunk);
    yield chunk;
  }
  if (`sha256:${hash.digest('hex')}` === digest) return;
  throw new OciSaveError({
    code: 'digest',
    message: `${file} is damaged: it does not hash to ${shortDigest(digest)}`,
    hint: 'Nothing is made of wrong data. Save it again, or copy it again from where it was whole.',
  });
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
