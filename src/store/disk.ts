import { constants } from 'node:fs';
import { copyFile, link, rename, rm, statfs } from 'node:fs/promises';
import path from 'node:path';
import { OciSaveError, systemCodeOf } from '../errors.ts';
import { type Hint, hint, option } from '../text/hint.ts';

const ELSEWHERE = hint`put the store (${option('cacheDir')}) or the output (${option('output')}) on another volume.`;

const CAUSES: Readonly<Record<string, readonly [what: string, hint: Hint]>> = {
  ENOSPC: ['the disk is full', hint`Free space, or ${ELSEWHERE} What was fetched stays.`],
  EDQUOT: ['the disk quota is used up', hint`Free space, or ${ELSEWHERE} What was fetched stays.`],
  EROFS: ['the disk is read-only', hint`Mount it for writing, or ${ELSEWHERE}`],
  EACCES: ['this user may not write there', hint`Give the folder to this user, or ${ELSEWHERE}`],
  EPERM: ['this user may not write there', hint`Give the folder to this user, or ${ELSEWHERE}`],
  EIO: ['the disk fails', hint`Look at the system's log, or ${ELSEWHERE}`],
};

/** The error for what a file system refused, as people read it; undefined where it is not of that kind. */
export function diskError(error: unknown, what: string): OciSaveError | undefined {
  const [why, advice] = CAUSES[systemCodeOf(error) ?? ''] ?? [];
  if (why === undefined) return undefined;
  const message = `${why}: ${what} could not be written`;
  return new OciSaveError({ code: 'local', message, hint: advice, cause: error });
}

/** Works on a store. Throws `machine` where the file system refuses. */
export async function whereUsable<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (systemCodeOf(cause) === undefined) throw cause;
    throw new OciSaveError({
      code: 'machine',
      message: `the store ${folder} cannot be used (${systemCodeOf(cause)})`,
      hint: hint`Name another folder with ${option('cacheDir')}.`,
      cause,
    });
  }
}

/** Bytes that an ordinary user may still write where `folder` is or will be. */
export async function freeBytes(folder: string): Promise<number> {
  for (let place = path.resolve(folder); ; place = path.dirname(place)) {
    try {
      const { bavail, bsize } = await statfs(place);
      return bavail * bsize;
    } catch (error) {
      if (systemCodeOf(error) !== 'ENOENT' || place === path.dirname(place)) throw error;
    }
  }
}

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
