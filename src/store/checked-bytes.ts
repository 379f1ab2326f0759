import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { systemCodeOf } from '../errors.ts';
import type { BlobSize } from './blob-writer.ts';
import { DamagedBlobError, hashesOtherwise } from './damaged.ts';

const CHUNK_BYTES = 256 * 1024;

/**
 * A whole file, hashed while it is read. Its last bytes are given when all of them were right: nobody gets the whole of a
 * wrong blob.
 * @throws DamagedBlobError where the file is gone, or is not that blob
 */
export async function* checkedBytes(file: string, { digest, size }: BlobSize): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  let read = 0;
  let last: Uint8Array | undefined;
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: CHUNK_BYTES })) {
      if (!(chunk instanceof Uint8Array)) continue;
      read += chunk.length;
      if (read > size) break;
      hash.update(chunk);
      if (last !== undefined) yield last;
      last = chunk;
    }
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') throw new DamagedBlobError(digest, file, 'it is missing');
    throw error;
  }
  if (read !== size) throw new DamagedBlobError(digest, file, `it has other than ${size} bytes`);
  if (`sha256:${hash.digest('hex')}` !== digest)
    throw new DamagedBlobError(digest, file, hashesOtherwise(digest));
  if (last !== undefined) yield last;
}
