import { readdir } from 'node:fs/promises';
import path from 'node:path';
import pLimit, { type LimitFunction } from 'p-limit';
import { OciSaveError, systemCodeOf } from '../errors.ts';
import { readStart, unlessGone } from '../files/index.ts';

/** What stands under a name that is not a folder. `closed`: this user may not read it, folders included. */
export type FileKind = 'file' | 'link' | 'closed' | 'other';

/** A folder as data: all names in it, and the bytes of a few small files. */
export interface FolderContent {
  readonly files: ReadonlyMap<string, FileKind>;
  readonly folders: ReadonlyMap<string, FolderContent>;
  readonly read: ReadonlyMap<string, Uint8Array>;
}

export interface FolderReading {
  /** Names of files whose bytes are wanted, in whichever folder. One that is larger than `maxBytes` is not read. */
  readonly wanted: readonly string[];
  readonly maxBytes: number;
  /** Names in all folders together. */
  readonly maxNames: number;
}

/** File operations at once: beyond this the file system gains nothing. */
const PARALLEL = 16;

/**
 * Reads the names below a folder. Links are not followed, and no file is opened but those that are wanted. What goes away
 * meanwhile is left out.
 * @throws OciSaveError `machine` where there are more names than `maxNames`; what the file system says
 */
export function readFolder(folder: string, reading: FolderReading): Promise<FolderContent> {
  return readBelow(folder, { ...reading, folder, limit: pLimit(PARALLEL), names: { count: 0 } });
}

interface Walk extends FolderReading {
  readonly folder: string;
  readonly limit: LimitFunction;
  readonly names: { count: number };
}

async function readBelow(folder: string, walk: Walk): Promise<FolderContent> {
  const { limit, names, maxNames } = walk;
  const entries = await limit(() => unlessGone(readdir(folder, { withFileTypes: true })));
  const files = new Map<string, FileKind>();
  const folders = new Map<string, FolderContent>();
  const read = new Map<string, Uint8Array>();
  names.count += entries?.length ?? 0;
  if (names.count > maxNames) throw tooMany(walk);
  const below: Promise<void>[] = [];
  for (const entry of entries ?? []) {
    const { name } = entry;
    if (entry.isDirectory()) {
      below.push(
        readBelow(path.join(folder, name), walk).then(
          (content) => void folders.set(name, content),
          (error: unknown) => {
            if (!isClosed(error)) throw error;
            files.set(name, 'closed');
          },
        ),
      );
    } else {
      files.set(name, entry.isFile() ? 'file' : entry.isSymbolicLink() ? 'link' : 'other');
      if (entry.isFile() && walk.wanted.includes(name))
        below.push(readWanted(folder, name, { files, read }, walk));
    }
  }
  await Promise.all(below);
  return { files, folders, read };
}

async function readWanted(
  folder: string,
  name: string,
  { files, read }: { files: Map<string, FileKind>; read: Map<string, Uint8Array> },
  { maxBytes, limit }: Walk,
): Promise<void> {
  try {
    const start = await limit(() => readStart(path.join(folder, name), maxBytes));
    if (start === undefined) files.delete(name);
    else if (start.size <= maxBytes) read.set(name, start.bytes);
  } catch (error) {
    if (!isClosed(error)) throw error;
    files.set(name, 'closed');
  }
}

const isClosed = (error: unknown): boolean => ['EACCES', 'EPERM'].includes(systemCodeOf(error) ?? '');

function tooMany({ folder, maxNames }: Walk): OciSaveError {
  return new OciSaveError({
    code: 'machine',
    message: `${folder} has more than ${maxNames} files and folders: more than its lock tells of`,
    hint: 'Look at what stands there, or name another output with --output.',
  });
}
