import { OciSaveError, systemCodeOf } from '../errors.ts';
import { type Digest, shortDigest } from '../oci/digest.ts';
import { diskError } from '../store/index.ts';

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
  return diskError(fullDisk(error) ?? error, `blob ${shortDigest(digest)}`) ?? error;
}

/** skopeo's words for a full disk, as the system's error. */
function fullDisk(error: unknown): Error | undefined {
  if (!(error instanceof OciSaveError) || !/no space left/i.test(error.message)) return undefined;
  return Object.assign(new Error(error.message), { code: 'ENOSPC' });
}
