import { constants } from 'node:fs';
import { type FileHandle, open, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { OciSaveError, systemCodeOf } from '../../errors.ts';
import type { OpenFile } from './tree-files.ts';

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
export async function openConfined(root: string, relative: string): Promise<OpenFile | undefined> {
  const path = await confinedPath(root, relative);
  const handle = path === undefined ? undefined : await unlessAbsent(open(path, FLAGS));
  if (!handle) return undefined;
  let file: OpenFile | undefined;
  try {
    const stats = await handle.stat({ bigint: true });
    if (!stats.isFile()) return undefined;
    file = {
      size: Number(stats.size),
      // All files of a bundle have one time of writing, and the number of a file that was removed is given to the next.
      stamp: `${stats.ino} ${stats.size} ${stats.mtimeNs} ${stats.ctimeNs}`,
      read: (start, end) => readChunks(handle, start, end),
      close: () => handle.close(),
    };
    return file;
  } finally {
    if (file === undefined) await handle.close();
  }
}

const CHUNK_BYTES = 256 * 1024;

async function* readChunks(handle: FileHandle, start: number, end: number): AsyncGenerator<Uint8Array> {
  for (let position = start; position <= end;) {
    const wanted = Math.min(CHUNK_BYTES, end - position + 1);
    // The socket keeps a chunk until it is sent, so none is used twice.
    const chunk = Buffer.allocUnsafe(wanted);
    const { bytesRead } = await handle.read(chunk, 0, wanted, position);
    if (bytesRead === 0)
      throw new OciSaveError({ code: 'local', message: 'a file became shorter while it was read' });
    position += bytesRead;
    yield chunk.subarray(0, bytesRead);
  }
}
