import { OciSaveError, systemCodeOf } from '../errors.ts';
import { type Digest, shortDigest } from '../oci/digest.ts';

/** Whether nothing else can succeed either: the machine lacks something, or the user wants to stop. */
export function stopsTheRun(error: unknown): boolean {
  return error instanceof OciSaveError && (error.code === 'machine' || error.code === 'interrupted');
}

/** Whether our own client would meet the same wall as skopeo: a spent quota, or this machine's disk. */
export function stopsBothMovers(error: unknown): boolean {
  if (systemCodeOf(error) !== undefined) return true;
  return error instanceof OciSaveError && (error.code === 'quota' || /no space left/i.test(error.message));
}

/** The error under which a blob is reported: a full disk in words that say what to do. */
export function explainFailure(digest: Digest, error: unknown): unknown {
  const full =
    systemCodeOf(error) === 'ENOSPC' || (error instanceof Error && /no space left/i.test(error.message));
  if (!full) return error;
  return new OciSaveError({
    code: 'local',
    message: `the disk is full: blob ${shortDigest(digest)} could not be written`,
    hint: 'Free space, or put the store on another volume with --cache-dir. What was fetched stays.',
    cause: error,
  });
}
