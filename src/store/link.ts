import { constants } from 'node:fs';
import { copyFile, link, rename, rm } from 'node:fs/promises';
import { systemCodeOf } from '../errors.ts';

/** The errors of a file system that cannot link two paths: another volume, no links there, or too many. */
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

/**
 * Makes a hard link, or where that is impossible a whole copy (with shared blocks where the file system has them).
 * @param copy where a copy is until it is whole, on the volume of `name`; a path of this run alone where several runs may
 *   use `name` at once
 */
export async function linkOrCopy(
  file: string,
  name: string,
  copy = `${name}.part`,
): Promise<'linked' | 'copied'> {
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
