import { OciSaveError, systemCodeOf } from '../errors.ts';
import { refusalOf } from './error.ts';
import type { WantedBlob } from './blobs.ts';

/** zot ends every request after 60 s unless told otherwise (2.1.17 and later); the clock of a busy machine is inexact. */
const [WALL_FROM, WALL_TO] = [55_000, 75_000];

const WALL_HINT =
  'A server or proxy seems to end requests after a minute. zot does so by default: set "readTimeout": "0s" and ' +
  '"writeTimeout": "0s" in the http section of its configuration.';

/** Whether a connection was ended in mid-request, by whoever is at its other end. */
export function isCut(error: unknown): boolean {
  const cause = error instanceof OciSaveError ? error.cause : undefined;
  const code = systemCodeOf(cause);
  return code === 'ECONNRESET' || code === 'EPIPE' || code === 'ERR_STREAM_PREMATURE_CLOSE';
}

/** Whether the registry knows nothing of an upload that it had begun, or no longer wants to go on with it. */
export function isLost(error: unknown): boolean {
  const refusal = refusalOf(error);
  if (refusal === undefined) return false;
  const { status, codes } = refusal;
  const told = codes.includes('BLOB_UPLOAD_UNKNOWN') || codes.includes('BLOB_UPLOAD_INVALID');
  return status === 404 || status === 410 || (status === 400 && told);
}

/** Whether a registry says that it got other bytes than the digest's. */
export function isMistaken(error: unknown): boolean {
  return refusalOf(error)?.codes.includes('DIGEST_INVALID') === true;
}

/** An error of an upload, with what helps where the answer itself does not tell. `milliseconds` is how long it took. */
export function uploadError(error: unknown, blob: WantedBlob, milliseconds: number): unknown {
  if (!(error instanceof OciSaveError)) return error;
  const refusal = refusalOf(error);
  const { code, message, cause } = error;
  if (refusal?.status === 413) {
    return new OciSaveError({
      code: 'unsupported',
      message: `${message}: a layer of ${blob.size} bytes is too large for it`,
      hint:
        `Something before ${refusal.host} limits the size of a request: raise it there (nginx: client_max_body_size; ` +
        'Cloudflare’s proxy takes 100 MB at most), or push past it.',
      cause,
    });
  }
  if (isMistaken(error)) {
    return new OciSaveError({
      code: 'digest',
      message: `${message}: it received other bytes than were sent`,
      hint: 'Push again. If it stays so, look at what stands between this machine and the registry.',
      cause,
    });
  }
  const walled = isCut(error) && milliseconds >= WALL_FROM && milliseconds <= WALL_TO;
  return walled ? new OciSaveError({ code, message, hint: WALL_HINT, cause }) : error;
}
