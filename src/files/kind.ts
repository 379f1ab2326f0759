import { lstat, stat } from 'node:fs/promises';
import { systemCodeOf } from '../errors.ts';

/** Whether there is anything at a path, even a link to nowhere. */
export async function exists(place: string): Promise<boolean> {
  return (await unlessGone(lstat(place))) !== undefined;
}

/** Whether a path leads to a file. */
export async function isFile(place: string): Promise<boolean> {
  return (await unlessGone(stat(place)))?.isFile() ?? false;
}

/** Whether a path leads to a folder. */
export async function isFolder(place: string): Promise<boolean> {
  return (await unlessGone(stat(place)))?.isDirectory() ?? false;
}

/** The result of a read, or undefined where the file or folder does not exist (any more). */
export async function unlessGone<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}
