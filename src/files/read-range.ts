import { createReadStream } from 'node:fs';

/** The pace of whoever takes the bytes is seen at this grain. */
const CHUNK_BYTES = 256 * 1024;

/**
 * The bytes of a file from `start` up to `end`, exclusive.
 * @throws Error where the file is shorter; what the system says
 */
export async function* readRange(file: string, start: number, end: number): AsyncGenerator<Uint8Array> {
  if (start >= end) return;
  let read = 0;
  for await (const chunk of createReadStream(file, { start, end: end - 1, highWaterMark: CHUNK_BYTES })) {
    if (!(chunk instanceof Uint8Array)) continue;
    read += chunk.length;
    yield chunk;
  }
  // A header that promised more would shift every entry after it.
  if (read !== end - start)
    throw new Error(`${file} ended after ${start + read} bytes; it had more when it was measured`);
}
