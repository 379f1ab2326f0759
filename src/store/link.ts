import { constants } from 'node:fs';
import { copyFile, link, rename, rm } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
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

/** A hard link, or where there can be none a whole copy (shared blocks where the file system has them). */
export async function linkOrCopy(file: string, name: string): Promise<'linked' | 'copied'> {
  if (await tryLink(file, name)) return 'linked';
  const temporary = `${name}.part`;
  try {
    await copyFile(file, temporary, constants.COPYFILE_FICLONE);
    await rename(temporary, name);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  return 'copied';
}

/**
 * The same for a name that several runs may give at once: a copy is made in `folder`, on that name's volume, and takes
 * the name when it is whole.
 */
export async function linkOrCopyIn(folder: string, file: string, name: string): Promise<'linked' | 'copied'> {
  if (await tryLink(file, name)) return 'linked';
  const copy = path.join(folder, `copy-${randomUUID()}`);
  await copyFile(file, copy, constants.COPYFILE_FICLONE);
  await rename(copy, name);
  return 'copied';
}
