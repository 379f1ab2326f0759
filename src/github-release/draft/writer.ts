import { z } from 'zod';
import { type ArchiveName, wholeName } from '../../archive/index.ts';
import { OciSaveError } from '../../errors.ts';
import { type Digest, digestSchema } from '../../oci/digest.ts';
import { hint, option } from '../../text/hint.ts';
import type { Environment } from '../../http/index.ts';

const MAX_CHARACTERS = 200;

/** A job of a workflow. The jobs of a matrix have the same name, which does not distinguish them. */
export interface WorkflowJob {
  readonly run: string;
  readonly attempt: number;
  readonly job: string;
}

/** The job that writes an archive into a release, as files of a release have it. */
export const writerSchema = z.object({
  /** Its name without suffix. */
  archive: z.string().max(MAX_CHARACTERS),
  run: z.string().max(MAX_CHARACTERS),
  attempt: z.int(),
  job: z.string().max(MAX_CHARACTERS),
  /** The digest of the list: it distinguishes jobs of a matrix, and is the same when a job is run again. */
  list: digestSchema,
});

export type Writer = Readonly<z.infer<typeof writerSchema>>;

/** The job that runs, by GitHub's default variables; undefined outside of a workflow. */
export function jobOf(env: Environment): WorkflowJob | undefined {
  const { GITHUB_RUN_ID: run = '', GITHUB_RUN_ATTEMPT: attempt = '', GITHUB_JOB: job = '' } = env;
  if (!/^\d{1,20}$/.test(run)) return undefined;
  return { run, attempt: /^\d{1,9}$/.test(attempt) ? Number(attempt) : 1, job: job.slice(0, MAX_CHARACTERS) };
}

/** Undefined outside of a workflow, where it is not known which runs belong together. */
export function writerOf(env: Environment, { base }: ArchiveName, list: Digest): Writer | undefined {
  const job = jobOf(env);
  return job === undefined ? undefined : { archive: base, ...job, list };
}

/**
 * Whether two jobs must not replace each other's files: the same archive of another list, in one run. A job that is run
 * again has the same list. The next run may replace what this one wrote.
 */
export function isOtherJob(mine: Writer, theirs: Writer): boolean {
  return theirs.run === mine.run && theirs.archive === mine.archive && theirs.list !== mine.list;
}

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
