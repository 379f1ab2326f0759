import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, link, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { systemCodeOf } from '../errors.ts';

/** What a file system says that cannot link these two: another volume, no links there, or too many. */
const CANNOT_LINK = new Set(['EXDEV', 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EACCES']);

/** Gives `file` a second name. An existing name stays as it is; false where links are impossible there. */
export async function tryLink(file: string, name: string): Promise<boolean> {
  try {
    await link(file, name);
    return true;
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === 'EEXIST') return true;
    if (code !== undefined && CANNOT_LINK.has(code)) return false;
    throw error;
  }
}

/** Makes a hard link, or where that is impossible a whole copy (with shared blocks where the file system has them). */
export function linkOrCopy(file: string, name: string): Promise<'linked' | 'copied'> {
  return linkOrCopyVia(`${name}.part`, file, name);
}

/**
 * The same for a name that several runs may give at once: a copy is made in `folder`, on that name's volume, and takes
 * the name when it is whole.
 */
export function linkOrCopyIn(folder: string, file: string, name: string): Promise<'linked' | 'copied'> {
  return linkOrCopyVia(path.join(folder, `copy-${randomUUID()}`), file, name);
}

async function linkOrCopyVia(copy: string, file: string, name: string): Promise<'linked' | 'copied'> {
  if (await tryLink(file, name)) return 'linked';
  try {
    await copyFile(file, copy, constants.COPYFILE_FICLONE);
    await rename(copy, name);
  } catch (error) {
    await rm(copy, { force: true });
    throw error;
  }
  return 'copied';
}
