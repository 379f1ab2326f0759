import { wholeName } from '../archive/index.ts';
import { OciSaveError } from '../errors.ts';
import type { Writer } from './writer.ts';
import { hint, option } from '../text/hint.ts';

/** What another job of the same run wrote is not replaced. */
export function otherJobError(tag: string, { archive, job, attempt }: Writer): OciSaveError {
  const name = wholeName({ base: archive, suffix: 'tar' });
  const who = job === '' ? '' : ` (job ${job}, attempt ${attempt})`;
  return new OciSaveError({
    code: 'unsupported',
    message: `another job of this run${who} writes ${name} of another list into release ${tag}, and nothing was sent`,
    hint: hint`Give the archive of each job a name of its own: ${option('archiveName')}.`,
  });
}
