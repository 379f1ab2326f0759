import {
  closeSync,
  constants,
  type Dirent,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readSync,
} from 'node:fs';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { OciSaveError, systemCodeOf } from '../../errors.ts';
import { hint, option } from '../../text/hint.ts';

/** What a name other than a folder's is. `closed`: this user may not read it, folders included. */
export type FileKind = 'file' | 'link' | 'closed' | 'other';

/** A folder as data: all names in it, and the bytes of a few small files. */
export interface FolderContent {
  readonly files: ReadonlyMap<string, FileKind>;
  readonly folders: ReadonlyMap<string, FolderContent>;
  readonly read: ReadonlyMap<string, Uint8Array>;
}

export interface FolderReading {
  /** Names of files whose bytes are wanted, in every folder. One that is larger than `maxBytes` is not read. */
  readonly wanted: readonly string[];
  readonly maxBytes: number;
  /** Names in all folders together. */
  readonly maxNames: number;
}

/** What a folder held when it was read, and what shows a change of it. */
export interface ReadFolder {
  readonly content: FolderContent;
  /** A stamp of each folder and of each file that was read, by path, taken before it was read. */
  readonly stamps: ReadonlyMap<string, string>;
}

/** Folders that are read before other work of the process runs. */
const AT_ONCE = 64;
/** Does not block on a pipe, and does not follow a link. Windows has neither flag. */
const FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOFOLLOW ?? 0);

/**
 * Reads the names below a folder. Links are not followed, and only wanted files are opened. What disappears meanwhile is
 * left out. A bundle has thousands of small folders: synchronous calls take a third of the time that the pool of threads
 * takes.
 * @throws OciSaveError `machine` where there are more names than `maxNames`; the error of the system
 */
export async function readFolder(folder: string, reading: FolderReading): Promise<ReadFolder> {
  const stamps = new Map<string, string>();
  const content = await readBelow(folder, { ...reading, folder, stamps, names: 0, folders: 0 });
  return { content, stamps };
}

/** Whether all that was read is as it was: no name was added or removed, and no file was rewritten. */
export async function isUnchanged({ stamps }: Pick<ReadFolder, 'stamps'>): Promise<boolean> {
  for (const [index, [place, stamp]] of [...stamps].entries()) {
    if (stampOf(place) !== stamp) return false;
    if (index % AT_ONCE === AT_ONCE - 1) await setImmediate();
  }
  return true;
}

interface Walk extends FolderReading {
  readonly folder: string;
  readonly stamps: Map<string, string>;
  names: number;
  folders: number;
}

async function readBelow(folder: string, walk: Walk): Promise<FolderContent> {
  walk.folders += 1;
  if (walk.folders % AT_ONCE === 0) await setImmediate();
  const files = new Map<string, FileKind>();
  const folders = new Map<string, FolderContent>();
  const read = new Map<string, Uint8Array>();
  for (const entry of entriesOf(folder, walk)) {
    const { name } = entry;
    if (entry.isDirectory()) {
      try {
        folders.set(name, await readBelow(path.join(folder, name), walk));
      } catch (error) {
        if (!isClosed(error)) throw error;
        files.set(name, 'closed');
      }
    } else {
      const kind = entry.isFile() ? 'file' : entry.isSymbolicLink() ? 'link' : 'other';
      files.set(name, kind);
      if (kind === 'file' && walk.wanted.includes(name)) readWanted(folder, name, files, read, walk);
    }
  }
  return { files, folders, read };
}

function entriesOf(folder: string, walk: Walk): Dirent[] {
  try {
    const stamp = stampOf(folder);
    const entries = readdirSync(folder, { withFileTypes: true });
    if (stamp !== undefined) walk.stamps.set(folder, stamp);
    walk.names += entries.length;
    if (walk.names <= walk.maxNames) return entries;
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
  throw new OciSaveError({
    code: 'machine',
    message: `${walk.folder} has more than ${walk.maxNames} files and folders: more than its lock accounts for`,
    hint: hint`See what is there, or name another output with ${option('output')}.`,
  });
}

function readWanted(
  folder: string,
  name: string,
  files: Map<string, FileKind>,
  read: Map<string, Uint8Array>,
  { maxBytes, stamps }: Walk,
): void {
  const file = path.join(folder, name);
  try {
    const stamp = stampOf(file);
    const bytes = readRegular(file, maxBytes);
    if (stamp !== undefined) stamps.set(file, stamp);
    if (bytes !== undefined) read.set(name, bytes);
  } catch (error) {
    if (isGone(error)) files.delete(name);
    else if (isClosed(error)) files.set(name, 'closed');
    else throw error;
  }
}

/** Undefined where it is larger, or not a regular file any more. */
function readRegular(file: string, maxBytes: number): Uint8Array | undefined {
  const handle = openSync(file, FLAGS);
  try {
    const stats = fstatSync(handle);
    if (!stats.isFile() || stats.size > maxBytes) return undefined;
    const bytes = Buffer.alloc(stats.size);
    let length = 0;
    for (let got = -1; got !== 0 && length < bytes.length; length += got)
      got = readSync(handle, bytes, length, bytes.length - length, length);
    return bytes.subarray(0, length);
  } finally {
    closeSync(handle);
  }
}

/** Undefined where nothing is there. */
function stampOf(place: string): string | undefined {
  const stats = lstatSync(place, { bigint: true, throwIfNoEntry: false });
  return stats && `${stats.ino} ${stats.size} ${stats.mtimeNs} ${stats.ctimeNs}`;
}

const isGone = (error: unknown): boolean =>
  ['ENOENT', 'ENOTDIR', 'ELOOP'].includes(systemCodeOf(error) ?? '');
const isClosed = (error: unknown): boolean => ['EACCES', 'EPERM'].includes(systemCodeOf(error) ?? '');
