import { constants } from 'node:fs';
import { lstat, open } from 'node:fs/promises';
import { systemCodeOf } from '../errors.ts';

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
