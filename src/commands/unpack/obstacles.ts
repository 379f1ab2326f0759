import { lstat } from 'node:fs/promises';
import path from 'node:path';
import pMap from 'p-map';
import type { BundleTree } from '../../bundle/index.ts';
import { OciSaveError } from '../../errors.ts';
import { unlessGone } from '../../files/index.ts';

const AT_ONCE = 16;

/**
 * Refuses a site where a folder has the name of a file that comes, or another thing that of a folder: a join would be cut off
 * in its midst there, each time.
 * @param isThere whether a file of the bundle is there already, by its path
 * @throws OciSaveError `machine` with the first of them
 */
export async function refuseObstacles(
  tree: BundleTree,
  site: string,
  isThere: (name: string) => boolean,
): Promise<void> {
  const files = tree.flatMap((file) => (isThere(file.path) ? [] : [file.path])).toSorted();
  const folders = [...new Set(files.flatMap(foldersAbove))].toSorted();
  await pMap(folders, async (name) => refuse(site, name, 'folder'), { concurrency: AT_ONCE });
  await pMap(files, async (name) => refuse(site, name, 'file'), { concurrency: AT_ONCE });
}

function foldersAbove(name: string): string[] {
  const parts = name.split('/');
  return parts.slice(1).map((_, at) => parts.slice(0, at + 1).join('/'));
}

async function refuse(site: string, name: string, wanted: 'file' | 'folder'): Promise<void> {
  const place = path.join(site, ...name.split('/'));
  const stats = await unlessGone(lstat(place));
  if (stats === undefined || stats.isDirectory() === (wanted === 'folder')) return;
  throw new OciSaveError({
    code: 'machine',
    message:
      wanted === 'file'
        ? `${place} is a folder, and a file of the bundle has that name`
        : `${place} is no folder, and the bundle has one of that name`,
    hint: 'Move it away, and run this again.',
  });
}
