import { lstat, stat } from 'node:fs/promises';
import { unlessGone } from './unless-gone.ts';

/** Whether anything stands at a path, a link to nowhere too. */
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
