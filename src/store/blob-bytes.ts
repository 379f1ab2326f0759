import { createHash } from 'node:crypto';
import { OciSaveError, systemCodeOf } from '../errors.ts';
import { openSized, readChunks } from '../files/index.ts';
import { type Digest, shortDigest, type BlobSize } from '../oci/digest.ts';

/** A blob whose bytes are missing or do not match its digest. Where it can be fetched again, the work is repeated. */
export class DamagedBlobError extends OciSaveError {
  readonly digest: Digest;

  /**
   * @param where the blob's file, or the blob itself, for people
   * @param why what is wrong with it
   */
  constructor(digest: Digest, where: string, why: string) {
    super({
      code: 'digest',
      message: `${where} is damaged: ${why}`,
      hint: 'Nothing is made of wrong data. Save it again, or copy it again from where it was whole.',
    });
    this.digest = digest;
  }
}

/** The blob that an error or one of its causes is about; undefined where there is none. */
export function damagedBlobOf(error: unknown): Digest | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof DamagedBlobError) return cause.digest;
  }
  return undefined;
}

/**
 * A whole file, hashed while it is read. Its last bytes are given only when all of them are right: nobody receives the
 * whole of a wrong blob.
 * @param within real folders that it must lie in, links followed; anywhere, where they are left out
 * @throws DamagedBlobError where the file is missing, or is not that blob; OciSaveError `local` where it lies elsewhere
 */
export async function* checkedBytes(
  file: string,
  blob: BlobSize,
  within?: readonly string[],
): AsyncGenerator<Uint8Array> {
  try {
    yield* checkedChunks(readChunks(file, 0, Infinity, within), file, blob);
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') throw new DamagedBlobError(blob.digest, file, 'it is missing');
    throw error;
  }
}

/**
 * The bytes of a blob from any place, hashed as they pass. The last ones are given only when all of them are right.
 * @param where the place, for people
 * @throws DamagedBlobError where they are not that blob
 */
export async function* checkedChunks(
  chunks: AsyncIterable<Uint8Array>,
  where: string,
  { digest, size }: BlobSize,
): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  let read = 0;
  let last: Uint8Array | undefined;
  for await (const chunk of chunks) {
    read += chunk.length;
    if (read > size) break;
    hash.update(chunk);
    if (last !== undefined) yield last;
    last = chunk;
  }
  if (read !== size) throw new DamagedBlobError(digest, where, `it does not have ${size} bytes`);
  if (`sha256:${hash.digest('hex')}` !== digest)
    throw new DamagedBlobError(digest, where, `it does not hash to ${shortDigest(digest)}`);
  if (last !== undefined) yield last;
}

export interface HashOptions {
  /** Called with the number of bytes as they are read. */
  readonly onBytes?: ((count: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Real folders that the file must lie in, links followed; anywhere, where they are left out. */
  readonly within?: readonly string[] | undefined;
}

const HASH_CHUNK_BYTES = 1024 * 1024;
/** Beyond what a file tells: some of the kernel's tell none, and one may grow. */
const LEAST_CHUNK_BYTES = 4096;

/** The digest and size of a file's bytes, read once through one buffer. */
export async function hashFile(
  file: string,
  { onBytes, signal, within }: HashOptions = {},
): Promise<BlobSize> {
  const { handle, size: told } = await openSized(file, within);
  try {
    const hash = createHash('sha256');
    const buffer = Buffer.allocUnsafe(Math.min(HASH_CHUNK_BYTES, told + LEAST_CHUNK_BYTES));
    let size = 0;
    for (;;) {
      signal?.throwIfAborted();
      const { bytesRead } = await handle.read(buffer, 0, buffer.length);
      if (bytesRead === 0) break;
      hash.update(buffer.subarray(0, bytesRead));
      size += bytesRead;
      onBytes?.(bytesRead);
    }
    return { digest: `sha256:${hash.digest('hex')}`, size };
  } finally {
    await handle.close();
  }
}
