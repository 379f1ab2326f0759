import type { BigIntStats, Dirent } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import path from 'node:path';
import { OciSaveError, systemCodeOf } from '../../errors.ts';
import { readChunks, unlessGone } from '../../files/index.ts';
import type { Observed, Observer, Seen } from './observed.ts';

const MAX_NAMES = 3_000_000;
const MAX_DEPTH = 64;

/**
 * Reads a bundle's folder: each file once, however many names it has. Symbolic links are not followed.
 * @throws OciSaveError `unsupported` where it has more names than any bundle
 */
export async function observeFolder(
  folder: string,
  observer: Observer,
  signal: AbortSignal | undefined,
): Promise<Observed> {
  const inodes = new Map<string, Seen>();
  let names = 0;
  const namesIn = async (at: string): Promise<Dirent[]> => {
    try {
      return (await unlessGone(readdir(path.join(folder, at), { withFileTypes: true }))) ?? [];
    } catch (error) {
      const code = systemCodeOf(error);
      if (code === undefined || at === '') throw error;
      observer.other(at, { kind: 'fault', reason: `it cannot be read (${code})` });
      return [];
    }
  };
  const visit = async (at: string, depth: number): Promise<void> => {
    const listed = await namesIn(at);
    names += listed.length;
    if (names > MAX_NAMES || depth > MAX_DEPTH) {
      const message = `${folder} has more files and folders than any bundle`;
      throw new OciSaveError({ code: 'unsupported', message, hint: 'Name the folder of one bundle.' });
    }
    // The pool comes before the repositories, whose files are links to it.
    for (const entry of listed.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      signal?.throwIfAborted();
      const name = at === '' ? entry.name : `${at}/${entry.name}`;
      if (entry.isDirectory()) await visit(name, depth + 1);
      else if (entry.isFile()) await hashOnce(name);
      else observer.other(name, { kind: 'fault', reason: whatIs(entry), isLink: entry.isSymbolicLink() });
    }
  };
  const hashOnce = async (name: string): Promise<void> => {
    const file = path.join(folder, name);
    try {
      const stats = await unlessGone(lstat(file, { bigint: true }));
      if (stats === undefined) return;
      const key = stats.nlink > 1n ? inodeOf(stats) : undefined;
      const known = key === undefined ? undefined : inodes.get(key);
      if (known !== undefined) return observer.other(name, known);
      await observer.file(name, Number(stats.size), readChunks(file));
      const seen = observer.entries.get(name);
      if (key !== undefined && seen !== undefined) inodes.set(key, seen);
    } catch (error) {
      signal?.throwIfAborted();
      const code = systemCodeOf(error);
      if (code === undefined) throw error;
      observer.other(name, { kind: 'fault', reason: `it cannot be read (${code})` });
    }
  };
  await visit('', 0);
  const { entries, kept } = observer;
  return { entries, kept, isArchive: false, parts: [], broken: undefined, bytes: observer.bytes() };
}

/** Bytes that are hashed of a folder: of a file with several names once. Undefined where nobody can tell. */
export async function bytesInFolder(folder: string): Promise<number | undefined> {
  const inodes = new Set<string>();
  let [names, bytes] = [0, 0];
  const visit = async (at: string, depth: number): Promise<void> => {
    const listed = await readdir(at, { withFileTypes: true });
    names += listed.length;
    if (names > MAX_NAMES || depth > MAX_DEPTH) return;
    for (const entry of listed) {
      const place = path.join(at, entry.name);
      if (entry.isDirectory()) await visit(place, depth + 1);
      if (!entry.isFile()) continue;
      const stats = await lstat(place, { bigint: true });
      const isKnown = stats.nlink > 1n && inodes.has(inodeOf(stats));
      if (stats.nlink > 1n) inodes.add(inodeOf(stats));
      if (!isKnown) bytes += Number(stats.size);
    }
  };
  try {
    await visit(folder, 0);
    return bytes;
  } catch (error) {
    // What cannot be read is told when it is hashed.
    if (systemCodeOf(error) === undefined) throw error;
    return undefined;
  }
}

function inodeOf({ dev, ino }: BigIntStats): string {
  return `${dev} ${ino}`;
}

function whatIs(entry: { isSymbolicLink(): boolean }): string {
  return entry.isSymbolicLink() ? 'it is a symbolic link' : 'it is not a regular file';
}
