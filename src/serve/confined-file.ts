import { constants } from 'node:fs';
import { open, realpath, type FileHandle } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { systemCodeOf } from '../errors.ts';

/** A regular file below the root, open for reading. Its receiver closes it. */
export interface ConfinedFile {
  readonly handle: FileHandle;
  readonly size: number;
  /** Changes whenever the file is replaced or written to. */
  readonly stamp: string;
}

/** Without O_NONBLOCK a named pipe would hold the request until a process writes to it. */
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** The errors that mean only that nothing is there. */
const ABSENT: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG', 'ENXIO']);

/** What was read, or undefined where nothing is there. */
export async function unlessAbsent<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (thrown) {
    if (ABSENT.has(systemCodeOf(thrown) ?? '')) return undefined;
    throw thrown;
  }
}

/**
 * The true path of something below `root`, which is a true path itself; undefined where nothing is there, or
 * where a link leads out of the root. zot follows every link; we serve nothing that a bundle does not hold.
 */
export async function confinedPath(root: string, relative: string): Promise<string | undefined> {
  const path = await unlessAbsent(realpath(join(root, relative)));
  return path?.startsWith(root.endsWith(sep) ? root : root + sep) === true ? path : undefined;
}

/** Opens a regular file below `root`; undefined where there is none, or where something else has its name. */
export async function openConfined(root: string, relative: string): Promise<ConfinedFile | undefined> {
  const path = await confinedPath(root, relative);
  const handle = path === undefined ? undefined : await unlessAbsent(open(path, FLAGS));
  if (!handle) return undefined;
  let file: ConfinedFile | undefined;
  try {
    const stats = await handle.stat({ bigint: true });
    if (!stats.isFile()) return undefined;
    file = { handle, size: Number(stats.size), stamp: `${stats.ino} ${stats.size} ${stats.mtimeNs}` };
    return file;
  } finally {
    if (file === undefined) await handle.close();
  }
}

/**
 * Reads a file's bytes and closes it. Returns undefined where it is larger than `limit` bytes, or grows beyond
 * the size that it had when it was opened.
 */
export async function readAndClose(file: ConfinedFile, limit: number): Promise<Uint8Array | undefined> {
  try {
    if (file.size > limit) return undefined;
    // One byte more than expected shows whether the file has grown.
    const buffer = Buffer.allocUnsafe(file.size + 1);
    let filled = 0;
    while (filled < buffer.length) {
      const { bytesRead } = await file.handle.read(buffer, filled, buffer.length - filled, filled);
      if (bytesRead === 0) return buffer.subarray(0, filled);
      filled += bytesRead;
    }
    return undefined;
  } finally {
    await file.handle.close();
  }
}
