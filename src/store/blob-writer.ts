import { createHash, randomUUID } from 'node:crypto';
import { open, rm, unlink } from 'node:fs/promises';
import path from 'node:path';
import { OciSaveError } from '../errors.ts';
import { opening } from '../files/index.ts';
import { type Digest, shortDigest, type BlobSize } from '../oci/digest.ts';

/** A blob that is being written. It has no final name before its size and hash are right. */
export type BlobWriter = Awaited<ReturnType<typeof openBlobWriter>>;

/** Below this size a blob is not flushed to disk on its own: after a power cut its size or hash shows it. */
const FLUSH_FROM_BYTES = 1024 * 1024;

/** Chunks of a socket are gathered up to this size: each write is a trip to another thread. */
const GATHER_BYTES = 256 * 1024;

/** Opens a temporary file in `folder`; `adopt` takes the finished, verified file. */
export async function openBlobWriter(
  folder: string,
  { digest, size }: BlobSize,
  adopt: (file: string) => Promise<void>,
) {
  const file = path.join(folder, `incoming-${randomUUID()}`);
  const handle = await opening(open(file, 'wx', 0o644));
  let hash = createHash('sha256');
  const gathered = Buffer.allocUnsafe(Math.min(size, GATHER_BYTES));
  let received = 0;
  let onDisk = 0;
  let done = false;

  /** Writes what was gathered; a full disk says so here. */
  const writeOut = async (): Promise<void> => {
    for (let from = 0, length = received - onDisk; from < length;) {
      const { bytesWritten } = await handle.write(gathered, from, length - from, onDisk);
      from += bytesWritten;
      onDisk += bytesWritten;
    }
  };

  return {
    /** Bytes that have arrived so far: where a cut transfer goes on. */
    get received(): number {
      return received;
    },
    async write(chunk: Uint8Array): Promise<void> {
      if (received + chunk.length > size)
        throw mismatch(digest, `more than the ${size} bytes that it should have`);
      hash.update(chunk);
      for (let taken = 0; taken < chunk.length;) {
        const room = gathered.length - (received - onDisk);
        const part = chunk.subarray(taken, taken + room);
        gathered.set(part, received - onDisk);
        received += part.length;
        taken += part.length;
        if (received - onDisk === gathered.length) await writeOut();
      }
    },
    /** Starts again at the first byte, for a server that cannot resume. */
    async restart(): Promise<void> {
      await handle.truncate(0);
      hash = createHash('sha256');
      received = 0;
      onDisk = 0;
    },
    /** Checks size and hash, then gives the blob its name. Throws `digest` where they differ. */
    async commit(): Promise<void> {
      const actual: Digest = `sha256:${hash.digest('hex')}`;
      if (received !== size) throw mismatch(digest, `${received} bytes instead of ${size}`);
      if (actual !== digest) throw mismatch(digest, `bytes that hash to ${shortDigest(actual)}`);
      await writeOut();
      if (size >= FLUSH_FROM_BYTES) await handle.sync();
      await handle.close();
      done = true;
      await adopt(file);
      await unlink(file);
    },
    /** Drops what has arrived. Does nothing after a commit. */
    async abort(): Promise<void> {
      if (done) return;
      done = true;
      await handle.close();
      await rm(file, { force: true });
    },
  };
}

function mismatch(digest: Digest, what: string): OciSaveError {
  return new OciSaveError({
    code: 'digest',
    message: `blob ${shortDigest(digest)} came with ${what}`,
    hint: 'Wrong data is never stored. A proxy or the registry itself damages it: fetch it another way and compare.',
  });
}
