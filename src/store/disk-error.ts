import { OciSaveError, systemCodeOf } from '../errors.ts';

const ELSEWHERE = 'put the store (--cache-dir) or the output (--output) on another volume.';

const CAUSES: Readonly<Record<string, readonly [what: string, hint: string]>> = {
  ENOSPC: ['the disk is full', `Free space, or ${ELSEWHERE} What was fetched stays.`],
  EDQUOT: ['the disk quota is used up', `Free space, or ${ELSEWHERE} What was fetched stays.`],
  EROFS: ['the disk is read-only', `Mount it for writing, or ${ELSEWHERE}`],
  EACCES: ['this user may not write there', `Give the folder to this user, or ${ELSEWHERE}`],
  EPERM: ['this user may not write there', `Give the folder to this user, or ${ELSEWHERE}`],
  EIO: ['the disk fails', `Look at the system's log, or ${ELSEWHERE}`],
};

/** The error for what a file system refused, as people read it; undefined where it is none of that kind. */
export function diskError(error: unknown, what: string): OciSaveError | undefined {
  const [why, hint] = CAUSES[systemCodeOf(error) ?? ''] ?? [];
  if (why === undefined) return undefined;
  return new OciSaveError({
    code: 'local',
    message: `${why}: ${what} could not be written`,
    hint,
    cause: error,
  });
}
