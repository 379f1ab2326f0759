import { constants, createReadStream } from 'node:fs';
import { lstat, open } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { OciSaveError, systemCodeOf } from '../errors.ts';
import { unlessGone } from './kind.ts';
import { openRegularFile } from './open-regular.ts';

/**
 * A whole file; undefined where it is not there. A pipe or a device is not waited for.
 * @throws OciSaveError `local` where it is not a regular file, `unsupported` where it has more than `maxBytes`, of which no more are read; what the system says
 */
export async function readBounded(file: string, maxBytes: number): Promise<Buffer | undefined> {
  const handle = await unlessGone(openRegularFile(file));
  if (handle === undefined) return undefined;
  // One byte more than allowed tells a large file from an allowed one.
  const bytes = await buffer(handle.createReadStream({ end: maxBytes }));
  if (bytes.length <= maxBytes) return bytes;
  throw new OciSaveError({
    code: 'unsupported',
    message: `${file} is too large: ${maxBytes} bytes are the limit`,
  });
}

/** The first bytes of a regular file, and how many it has. */
export interface FileStart {
  readonly bytes: Buffer;
  readonly size: number;
}

/** Waits for no pipe, and follows no link. Windows has neither flag. */
const FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOFOLLOW ?? 0);

/**
 * Reads at most the first `maxBytes` of a regular file, and never waits for a pipe or a device. Undefined where nothing stands there, or
 * something else than a regular file.
 * @throws what the file system says, as of a file that this user may not read
 */
export async function readStart(file: string, maxBytes: number): Promise<FileStart | undefined> {
  try {
    if (!(await lstat(file)).isFile()) return undefined;
    const handle = await open(file, FLAGS);
    try {
      // What stands there may have changed since it was looked at.
      const stats = await handle.stat();
      if (!stats.isFile()) return undefined;
      const bytes = Buffer.alloc(Math.min(stats.size, maxBytes));
      let length = 0;
      while (length < bytes.length) {
        const { bytesRead } = await handle.read(bytes, length, bytes.length - length, length);
        if (bytesRead === 0) break;
        length += bytesRead;
      }
      return { bytes: bytes.subarray(0, length), size: stats.size };
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (GONE.has(systemCodeOf(error) ?? '')) return undefined;
    throw error;
  }
}

/** Nothing there, no folder on the way, a link, or a socket. */
const GONE = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO']);

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
