import { constants } from 'node:fs';
import { type FileHandle, lstat, open } from 'node:fs/promises';
import { OciSaveError, systemCodeOf } from '../errors.ts';
import { unlessGone } from './kind.ts';
import { inTurn, opening } from './open-files.ts';
import { openSized } from './open-regular.ts';

/**
 * A whole file; undefined where it does not exist. Never blocks on a pipe or a device.
 * @param within real folders that it must lie in, links followed; anywhere, where they are left out
 * @throws OciSaveError `local` where it is not a regular file, or lies elsewhere, `unsupported` where it has more than
 *   `maxBytes`; the error of the system
 */
export function readBounded(
  file: string,
  maxBytes: number,
  within?: readonly string[],
): Promise<Buffer | undefined> {
  return inTurn(() => readWhole(file, maxBytes, within));
}

async function readWhole(
  file: string,
  maxBytes: number,
  within: readonly string[] | undefined,
): Promise<Buffer | undefined> {
  const opened = await unlessGone(openSized(file, within));
  if (opened === undefined) return undefined;
  const { handle, size } = opened;
  try {
    // One byte more than allowed distinguishes a large file from an allowed one.
    const bytes = await readUpTo(handle, maxBytes + 1, size);
    if (bytes.length <= maxBytes) return bytes;
    const message = `${file} is too large: ${maxBytes} bytes are the limit`;
    throw new OciSaveError({ code: 'unsupported', message });
  } finally {
    await handle.close();
  }
}

const LEAST_PIECE_BYTES = 4096;

/**
 * The first bytes of a file, at most `most`. It may have more than the `size` that it told: some of the kernel's tell none.
 * Without a stream, which would cost a save of small files a sixth of its time.
 */
async function readUpTo(handle: FileHandle, most: number, size: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let length = 0;
  while (length < most) {
    // One byte more than it told: that none comes shows its end without another read.
    const piece = Buffer.alloc(Math.min(most - length, Math.max(size - length + 1, LEAST_PIECE_BYTES)));
    const { bytesRead } = await handle.read(piece, 0, piece.length, length);
    if (bytesRead === 0) break;
    pieces.push(piece.subarray(0, bytesRead));
    length += bytesRead;
    if (length === size && bytesRead < piece.length) break;
  }
  const [first = Buffer.alloc(0), ...others] = pieces;
  return others.length === 0 ? first : Buffer.concat(pieces);
}

/** Does not block on a pipe, and does not follow a link. Windows has neither flag. */
const FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOFOLLOW ?? 0);

/**
 * The first bytes of a regular file, at most `maxBytes`, and its size. Never blocks on a pipe or a device. Undefined where
 * there is no regular file.
 * @throws the error of the system, such as for a file that this user may not read
 */
export async function readStart(
  file: string,
  maxBytes: number,
): Promise<{ readonly bytes: Buffer; readonly size: number } | undefined> {
  try {
    if (!(await lstat(file)).isFile()) return undefined;
    const handle = await opening(open(file, FLAGS));
    try {
      // It may have been replaced since it was checked.
      const stats = await handle.stat();
      if (!stats.isFile()) return undefined;
      const bytes = await readUpTo(handle, Math.min(stats.size, maxBytes), stats.size);
      return { bytes, size: stats.size };
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (GONE.has(systemCodeOf(error) ?? '')) return undefined;
    throw error;
  }
}

/** No such file, no folder on the way, a link, or a socket. */
const GONE = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO']);

/** The receiver of a chunk holds it until it is sent, so chunks are small; and progress shows in steps of this size. */
const CHUNK_BYTES = 256 * 1024;

/**
 * The bytes of a regular file in chunks, from `start` up to `end`, exclusive. It is closed at its end, or when the caller
 * stops.
 * @param within as that of `readBounded`
 * @throws OciSaveError `local` where it is not a regular file, or lies elsewhere; the error of the system
 */
export async function* readChunks(
  file: string,
  start = 0,
  end = Infinity,
  within?: readonly string[],
): AsyncGenerator<Uint8Array> {
  if (start >= end) return;
  const { handle, size } = await openSized(file, within);
  // A stream takes the whole of a chunk for the smallest file. One byte more shows its end, and that it grew.
  const highWaterMark = Math.min(CHUNK_BYTES, Math.max(size - start + 1, LEAST_PIECE_BYTES));
  yield* handle.createReadStream({ start, end: end - 1, highWaterMark });
}

/**
 * The bytes of a file from `start` up to `end`, exclusive.
 * @throws Error where the file is shorter; what `readChunks` throws
 */
export async function* readRange(
  file: string,
  start: number,
  end: number,
  within?: readonly string[],
): AsyncGenerator<Uint8Array> {
  let read = 0;
  for await (const chunk of readChunks(file, start, end, within)) {
    read += chunk.length;
    yield chunk;
  }
  // In a tar, a header with another size would shift every entry after it.
  if (read !== Math.max(0, end - start))
    throw new Error(`${file} ended after ${start + read} bytes; it had more when it was measured`);
}
