import { constants } from 'node:fs';
import { open, realpath, type FileHandle } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { systemCodeOf } from '../errors.ts';

/** A regular file below the root, open for reading. Whoever gets one closes it. */
export interface ConfinedFile {
  readonly handle: FileHandle;
  readonly size: number;
  /** Changes whenever the file is replaced or written to. */
  readonly stamp: string;
}

const ABSENT: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG', 'ENXIO']);

/** Whether a failure only means that nothing is there. */
export function isAbsence(thrown: unknown): boolean {
  return ABSENT.has(systemCodeOf(thrown) ?? '');
}

/**
 * The true path of something below `root`, which is a true path itself; undefined where nothing is there, or
 * where a link leads out of the root. zot follows every link; we serve nothing that a bundle does not hold.
 */
export async function confinedPath(root: string, relative: string): Promise<string | undefined> {
  try {
    const path = await realpath(join(root, relative));
    return path.startsWith(root.endsWith(sep) ? root : root + sep) ? path : undefined;
  } catch (thrown) {
    if (isAbsence(thrown)) return undefined;
    throw thrown;
  }
}

/** Opens a regular file below `root`; undefined where there is none, or something else stands in its place. */
export async function openConfined(root: string, relative: string): Promise<ConfinedFile | undefined> {
  const path = await confinedPath(root, relative);
  const handle = path === undefined ? undefined : await openForReading(path);
  if (!handle) return undefined;
  const stat = await statOrClose(handle);
  if (stat.isFile()) {
    return { handle, size: Number(stat.size), stamp: `${stat.ino} ${stat.size} ${stat.mtimeNs}` };
  }
  await handle.close();
  return undefined;
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

async function openForReading(path: string): Promise<FileHandle | undefined> {
  // Without O_NONBLOCK a named pipe would hold the request until somebody writes to it.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  try {
    return await open(path, flags);
  } catch (thrown) {
    if (isAbsence(thrown)) return undefined;
    throw thrown;
  }
}

async function statOrClose(handle: FileHandle) {
  try {
    return await handle.stat({ bigint: true });
  } catch (thrown) {
    await handle.close();
    throw thrown;
  }
}
