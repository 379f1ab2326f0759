import type { BigIntStats } from 'node:fs';
import { constants } from 'node:fs';
import { type FileHandle, lstat, open, readlink, realpath } from 'node:fs/promises';
import path from 'node:path';
import { OciSaveError, systemCodeOf } from '../errors.ts';
import { isInside } from './boundary.ts';
import { opening } from './open-files.ts';

/** Why a file is not read. */
interface NotRead {
  readonly reason: string;
  readonly hint?: string | undefined;
  /** It gives its bytes once, as they come. */
  readonly isStream?: boolean;
}

/** A file that is open, and the bytes that it had when it was opened. */
export interface Opened {
  readonly handle: FileHandle;
  readonly size: number;
}

/** For a path that leads to a file elsewhere. */
export const OUTSIDE: NotRead = {
  reason: 'links followed, it lies neither in the workspace nor in the runner’s temporary folder',
  hint: 'Put the file itself there, and no link to it.',
};

/**
 * Opens a regular file for reading, and nothing else: a pipe, a device or a terminal could block the run forever. The
 * opening itself never blocks. The caller closes the handle.
 * @param folders real paths; the file must lie in one of them, links followed. The opened file is checked, since a
 *   link may be changed between a check and the opening. Hard links cannot be distinguished from the file.
 * @throws the error of the system
 */
export async function openRegular(file: string, folders?: readonly string[]): Promise<Opened | NotRead> {
  // Dots are resolved before links: after a link, `..` would mean another folder.
  const named = path.resolve(file);
  const place = folders === undefined ? named : await realpath(named);
  if (folders !== undefined && !isInside(place, folders)) return OUTSIDE;
  const follow = folders === undefined ? 0 : constants.O_NOFOLLOW;
  const handle = await openAtOnce(place, follow);
  if (handle === undefined) return SOCKET;
  try {
    const stats = await handle.stat({ bigint: true });
    const refused = kindRefused(stats) ?? (await placeRefused(handle, stats, place, folders));
    if (refused === undefined) return { handle, size: Number(stats.size) };
    await handle.close();
    return refused;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** The same, where a file that is refused is an error. Throws OciSaveError `local`, and the error of the system. */
export async function openRegularFile(file: string, folders?: readonly string[]): Promise<FileHandle> {
  return (await openSized(file, folders)).handle;
}

/** The same, with its size. */
export async function openSized(file: string, folders?: readonly string[]): Promise<Opened> {
  const opened = await openRegular(file, folders);
  if ('handle' in opened) return opened;
  throw new OciSaveError({ code: 'local', message: `${file}: ${opened.reason}`, hint: opened.hint });
}

const SOCKET: NotRead = { reason: 'it is a socket, not a file' };

function kindRefused(stats: BigIntStats): NotRead | undefined {
  if (stats.isFile()) return undefined;
  if (stats.isDirectory()) return { reason: 'it is a folder, not a file' };
  return { reason: 'it is a pipe, a device or a terminal, not a file', isStream: true };
}

/** Waits for no writer of a pipe, and makes no terminal this process's own. Undefined for a socket. */
async function openAtOnce(place: string, follow: number): Promise<FileHandle | undefined> {
  const { O_RDONLY, O_NONBLOCK, O_NOCTTY } = constants;
  try {
    return await opening(open(place, O_RDONLY | O_NONBLOCK | O_NOCTTY | follow));
  } catch (error) {
    if (systemCodeOf(error) === 'ENXIO') return undefined;
    throw error;
  }
}

async function placeRefused(
  handle: FileHandle,
  stats: BigIntStats,
  place: string,
  folders: readonly string[] | undefined,
): Promise<NotRead | undefined> {
  if (folders === undefined) return undefined;
  const opened = await placeOfHandle(handle);
  if (opened !== undefined) return isInside(opened, folders) ? undefined : OUTSIDE;
  const now = await lstat(place, { bigint: true });
  const same = now.dev === stats.dev && now.ino === stats.ino && (await realpath(place)) === place;
  return same ? undefined : OUTSIDE;
}

/** The real path of an open file, on systems that have it (proc(5)). */
async function placeOfHandle({ fd }: FileHandle): Promise<string | undefined> {
  try {
    return await readlink(`/proc/self/fd/${fd}`);
  } catch (error) {
    if (systemCodeOf(error) === undefined) throw error;
    return undefined;
  }
}
