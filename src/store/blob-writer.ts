import { createHash, randomUUID } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import path from 'node:path';
import { OciSaveError } from '../errors.ts';
import { type Digest, shortDigest } from '../oci/digest.ts';

export interface BlobSize {
  readonly digest: Digest;
  readonly size: number;
}

/** A blob on its way in. It has no final name before its size and hash are right. */
export interface BlobWriter {
  /** Bytes that have arrived so far: where a cut transfer goes on. */
  readonly received: number;
  write(chunk: Uint8Array): Promise<void>;
  /** Starts again at the first byte, for a server that cannot resume. */
  restart(): Promise<void>;
  /** Checks size and hash, then gives the blob its name. Throws `digest` where they differ. */
  commit(): Promise<void>;
  /** Drops what has arrived. Does nothing after a commit. */
  abort(): Promise<void>;
}

/** Below this size a blob is not flushed to disk on its own: after a power cut its size or hash tells. */
const FLUSH_FROM_BYTES = 1024 * 1024;

/** Opens a temporary file in `folder`; `adopt` takes the finished, verified file. */
export async function openBlobWriter(
  folder: string,
  { digest, size }: BlobSize,
  adopt: (file: string) => Promise<void>,
): Promise<BlobWriter> {
  const file = path.join(folder, `incoming-${randomUUID()}`);
  const handle = await open(file, 'wx', 0o644);
  let hash = createHash('sha256');
  let received = 0;
  let done = false;

  const abort = async (): Promise<void> => {
    if (done) return;
    done = true;
    await handle.close();
    await rm(file, { force: true });
  };

  return {
    get received() {
      return received;
    },
    async write(chunk) {
      if (received + chunk.length > size)
        throw mismatch(digest, `more than the ${size} bytes that it should have`);
      hash.update(chunk);
      for (let written = 0; written < chunk.length;) {
        written += (await handle.write(chunk, written, chunk.length - written, received + written))
          .bytesWritten;
      }
      received += chunk.length;
    },
    async restart() {
      await handle.truncate(0);
      hash = createHash('sha256');
      received = 0;
    },
    async commit() {
      const actual: Digest = `sha256:${hash.digest('hex')}`;
      if (received !== size) throw mismatch(digest, `${received} bytes instead of ${size}`);
      if (actual !== digest) throw mismatch(digest, `bytes that hash to ${shortDigest(actual)}`);
      if (size >= FLUSH_FROM_BYTES) await handle.sync();
      await handle.close();
      done = true;
      await adopt(file);
      await rm(file, { force: true });
    },
    abort,
  };
}

function mismatch(digest: Digest, what: string): OciSaveError {
  return new OciSaveError({
    code: 'digest',
    message: `blob ${shortDigest(digest)} came with ${what}`,
    hint: 'Wrong data is never stored. A proxy or the registry itself damages it: fetch it another way and compare.',
  });
}
