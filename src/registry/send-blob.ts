import { messageOf, OciSaveError, systemCodeOf } from '../errors.ts';
import { isTemporary, refusalOf, type RetryPolicy, withRetries } from '../http/index.ts';
import type { WantedBlob } from './blobs.ts';
import { blobSubject } from './repository.ts';
import {
  beginUpload,
  type BlobContent,
  endUpload,
  headBlob,
  sendPart,
  type Upload,
  type UploadCall,
  uploadStatus,
} from './uploads.ts';

export interface SendOptions {
  /** An upload that was begun for this blob's repository. */
  readonly upload?: Upload | undefined;
  readonly policy: RetryPolicy;
  /** Told of bytes as they go; negative where the registry has lost them. */
  readonly onBytes?: ((delta: number) => void) | undefined;
  readonly onRetry?: ((message: string) => void) | undefined;
}

/** Up to here a blob goes in one request, its end. Larger ones are streamed first, so that their end can be repeated. */
const ONE_REQUEST_BYTES = 4 * 1024 * 1024;
const SMALLEST_PART = 1024 * 1024;
const WHOLE = Number.POSITIVE_INFINITY;

/**
 * Sends a blob into a repository. A transfer that was cut goes on where the registry says it got to; an upload that the
 * registry has lost begins anew. After a cut the blob goes in parts, each a quarter of what went through: so it also
 * reaches a server that ends every request after a while (zot after 60 s, by default).
 * @throws OciSaveError of what is final (413, a refused digest, a login), or of the last attempt
 */
export async function sendBlob(given: UploadCall, content: BlobContent, options: SendOptions): Promise<void> {
  const call = { ...given, retry: false };
  const { policy, onBytes, onRetry } = options;
  const progress = createProgress(onBytes);
  const sending: Sending = { upload: options.upload, part: WHOLE, doubt: false, mistaken: false };
  const attempt = async (): Promise<void> => {
    if (sending.doubt && (await hasArrived(call, content, sending, progress))) return;
    sending.upload ??= await beginUpload(call, blobSubject(call.repository, content.digest));
    sending.doubt = true;
    await sendRest(call, content, sending, progress);
    progress.is(content.size);
  };
  try {
    await withRetries(attempt, policy, {
      signal: call.signal,
      onRetry: (error, next) => onRetry?.(`${messageOf(error)}; attempt ${next} of ${policy.retries + 1}`),
    });
  } catch (error) {
    progress.is(0);
    throw error;
  }
}

interface Sending {
  upload: Upload | undefined;
  /** Bytes that one request may carry. */
  part: number;
  /** Bytes went of which nobody knows what became. */
  doubt: boolean;
  /** The registry said once that other bytes had come. */
  mistaken: boolean;
}

interface SentBytes {
  readonly add: (bytes: number) => void;
  /** So many have arrived, whatever was counted. */
  readonly is: (bytes: number) => void;
}

function createProgress(onBytes: ((delta: number) => void) | undefined): SentBytes {
  let counted = 0;
  const add = (bytes: number): void => {
    counted += bytes;
    if (bytes !== 0) onBytes?.(bytes);
  };
  return { add, is: (bytes) => add(bytes - counted) };
}

/** After a failed attempt: whether the blob is there all the same, and else what the registry has of it. */
async function hasArrived(
  call: UploadCall,
  content: BlobContent,
  sending: Sending,
  progress: SentBytes,
): Promise<boolean> {
  const upload = sending.upload && (await uploadStatus(call, sending.upload, content.digest));
  sending.upload = upload !== undefined && upload.offset <= content.size ? upload : undefined;
  progress.is(sending.upload?.offset ?? 0);
  // The answer to its end may have been lost, and not the blob.
  return sending.upload === undefined && headBlob(call, content.digest);
}

async function sendRest(
  call: UploadCall,
  content: BlobContent,
  sending: Sending,
  { add }: SentBytes,
): Promise<void> {
  let upload = sending.upload;
  if (upload === undefined) return;
  const resumed = upload.offset > 0;
  const inOne = content.size <= ONE_REQUEST_BYTES && !resumed && sending.part === WHOLE;
  const streamed = inOne ? 0 : content.size;
  let began = performance.now();
  let sent = 0;
  const onSent = (bytes: number): void => {
    sent += bytes;
    add(bytes);
  };
  try {
    while (upload.offset < streamed) {
      [began, sent] = [performance.now(), 0];
      upload = await sendPart(
        call,
        upload,
        content,
        Math.min(streamed, upload.offset + sending.part),
        onSent,
      );
      sending.upload = upload;
    }
    [began, sent] = [performance.now(), 0];
    await endUpload(call, upload, content, onSent);
  } catch (error) {
    call.signal?.throwIfAborted();
    const partial = resumed || sending.part !== WHOLE;
    if (isCut(error)) sending.part = Math.max(SMALLEST_PART, Math.floor(sent / 4));
    // Two uploads of one blob at once can spoil each other in a registry: once more, since what went was hashed here.
    const again = isMistaken(error) && !sending.mistaken;
    sending.mistaken ||= again;
    if (isTemporary(error) || !(again || isOutOfStep(error, partial))) {
      throw uploadError(error, content, performance.now() - began);
    }
    // The upload is of no use any more; without parts, if it was them that the registry did not take.
    if (refusalOf(error)?.status !== 416) [sending.upload, sending.part] = [undefined, WHOLE];
    throw new OciSaveError({
      code: 'network',
      message: messageOf(error),
      cause: error,
    });
  }
}

/** Whether a refusal is about how far an upload got, and not about the blob. */
function isOutOfStep(error: unknown, partial: boolean): boolean {
  const status = refusalOf(error)?.status;
  if (status === undefined) return false;
  if (status === 416 || isLost(error)) return true;
  return partial && status !== 401 && status !== 403 && status !== 413;
}

/** zot ends every request after 60 s unless told otherwise (2.1.17 and later); the clock of a busy machine is inexact. */
const [WALL_FROM, WALL_TO] = [55_000, 75_000];

const WALL_HINT =
  'A server or proxy seems to end requests after a minute. zot does so by default: set "readTimeout": "0s" and ' +
  '"writeTimeout": "0s" in the http section of its configuration.';

/** Whether a connection was ended in mid-request, by whoever is at its other end. */
function isCut(error: unknown): boolean {
  const cause = error instanceof OciSaveError ? error.cause : undefined;
  const code = systemCodeOf(cause);
  return code === 'ECONNRESET' || code === 'EPIPE' || code === 'ERR_STREAM_PREMATURE_CLOSE';
}

/** Whether the registry knows nothing of an upload that it had begun, or no longer wants to go on with it. */
function isLost(error: unknown): boolean {
  const refusal = refusalOf(error);
  if (refusal === undefined) return false;
  const { status, codes } = refusal;
  const told = codes.includes('BLOB_UPLOAD_UNKNOWN') || codes.includes('BLOB_UPLOAD_INVALID');
  return status === 404 || status === 410 || (status === 400 && told);
}

/** Whether a registry says that it got other bytes than the digest's. */
function isMistaken(error: unknown): boolean {
  return refusalOf(error)?.codes.includes('DIGEST_INVALID') === true;
}

/** An error of an upload, with what helps where the answer itself does not tell. `milliseconds` is how long it took. */
function uploadError(error: unknown, blob: WantedBlob, milliseconds: number): unknown {
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
