import { OciSaveError, systemCodeOf } from '../errors.ts';
import { type Digest, shortDigest } from '../oci/digest.ts';
import { diskError } from '../store/index.ts';

/** Whether nothing else can succeed either: the machine lacks something, or the user interrupted the run. */
export function stopsTheRun(error: unknown): boolean {
  return error instanceof OciSaveError && (error.code === 'machine' || error.code === 'interrupted');
}

/** Whether our own client would fail as skopeo did: a used-up quota, or this machine's disk. */
export function stopsBothMovers(error: unknown): boolean {
  if (systemCodeOf(error) !== undefined) return true;
  return error instanceof OciSaveError && (error.code === 'quota' || /no space left/i.test(error.message));
}

/** The error under which a blob is reported: for a full disk one that says what to do. */
export function explainFailure(digest: Digest, error: unknown): unknown {
  return diskError(fullDisk(error) ?? error, `blob ${shortDigest(digest)}`) ?? error;
}

/** skopeo's message about a full disk, as the system's error. */
function fullDisk(error: unknown): Error | undefined {
  if (!(error instanceof OciSaveError) || !/no space left/i.test(error.message)) return undefined;
  return Object.assign(new Error(error.message), { code: 'ENOSPC' });
}
