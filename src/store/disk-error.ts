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

/** The error for what a file system refused, as people read it; undefined where it is none of that kind. */
export function diskError(error: unknown, what: string): OciSaveError | undefined {
  const [why, advice] = CAUSES[systemCodeOf(error) ?? ''] ?? [];
  if (why === undefined) return undefined;
  return new OciSaveError({
    code: 'local',
    message: `${why}: ${what} could not be written`,
    hint: advice,
    cause: error,
  });
}
