import { readRange } from '../files/index.ts';
import type { Digest } from '../oci/digest.ts';
import { checkedBytes } from '../store/index.ts';

/** Bytes of which any range can be read, as often as wanted: its length is known before a byte is read. */
export interface ByteSource {
  readonly size: number;
  /**
   * The bytes from `start` up to `end`, exclusive.
   * @throws Error where a file is shorter than it was; DamagedBlobError where one that is read whole is not what its digest
   *   says
   */
  read(start?: number, end?: number): AsyncGenerator<Uint8Array>;
}

/** A piece of a source: bytes in memory, a blob of a pool, or a file from its first byte to its last. */
export type Segment =
  | { readonly bytes: Uint8Array }
  | { readonly size: number; readonly open: (start: number, end: number) => AsyncIterable<Uint8Array> }
  | {
      readonly file: string;
      readonly size: number;
      /** What the file has to hash to; where it is given, each reading of the whole file checks it. */
      readonly digest?: Digest | undefined;
    };

type Placed = { readonly at: number; readonly size: number } & Segment;

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
        else if ('open' in segment) yield* segment.open(from, to);
        else if (segment.digest !== undefined && to - from === segment.size)
          yield* checkedBytes(segment.file, { digest: segment.digest, size: segment.size });
        else yield* readRange(segment.file, from, to);
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
