import { constants } from 'node:fs';
import { copyFile, lstat, mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { OciSaveError, systemCodeOf } from '../../errors.ts';
import { removeEmpty } from '../../files/index.ts';
import type { NewEntry } from '../port.ts';

/**
 * Puts an entry's files where @actions/cache reads them: below the workspace, since only there a path is the same on every
 * runner. Copies, with shared blocks where the file system can: with a link, tar would see the file change when the run
 * links the blob elsewhere, and fail.
 * @throws OciSaveError `local` where something else has the folder's name
 */
export async function handOver({ folder, files }: NewEntry, workspace: string): Promise<void> {
  let place = workspace;
  for (const part of folder.split('/')) {
    place = path.join(place, part);
    await mkdir(place).catch((error: unknown) => {
      if (systemCodeOf(error) !== 'EEXIST') throw error;
    });
    // A link that the repository brings would lead out of the workspace.
    if (!(await isFolder(place))) {
      throw new OciSaveError({
        code: 'local',
        message: `${place} is not a folder, and the cache needs one there`,
      });
    }
  }
  for (const { name, file } of files) {
    await copyFile(file, path.join(place, name), constants.COPYFILE_FICLONE);
  }
}

/** Removes an entry's folder, and those above it that are empty then. Links are not followed. */
export async function takeBack(folder: string, workspace: string): Promise<void> {
  const parts = folder.split('/');
  for (const length of parts.keys()) {
    if (!(await isFolder(path.join(workspace, ...parts.slice(0, length + 1))))) return;
  }
  await rm(path.join(workspace, ...parts), { recursive: true, force: true, maxRetries: 3 });
  const above = [...parts.keys()].slice(1).map((length) => path.join(workspace, ...parts.slice(0, length)));
  await removeEmpty(above.toReversed());
}

/** Whether it is a folder that can be used: none that is a link, or that may not be looked at. */
async function isFolder(place: string): Promise<boolean> {
  try {
    return (await lstat(place)).isDirectory();
  } catch (error) {
    if (systemCodeOf(error) === undefined) throw error;
    return false;
  }
}
