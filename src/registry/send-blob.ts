import { messageOf, OciSaveError, systemCodeOf } from '../errors.ts';
import { isTemporary, refusalOf, type RetryPolicy, withRetries } from '../http/index.ts';
import type { WantedBlob } from './blobs.ts';
import { lacksRoom } from './error.ts';
import { blobSubject } from './repository.ts';
import type { RepositoryCall } from './session.ts';
import { choosePartSize, smallerPart } from './part-size.ts';
import type { Registry } from './registry.ts';
import {
  beginUpload,
  type BlobContent,
  endUpload,
  headBlob,
  sendPart,
  type Upload,
  uploadStatus,
} from './uploads.ts';

export interface SendOptions {
  /** An upload that was started for this blob's repository. */
  readonly upload?: Upload | undefined;
  /** Called with bytes as they are sent; negative where the registry has lost them. */
  readonly onBytes?: ((delta: number) => void) | undefined;
  readonly onRetry?: ((message: string) => void) | undefined;
}

/** Up to here a blob goes in one request, its end. Larger ones are streamed first, so that their end can be repeated. */
const ONE_REQUEST_BYTES = 4 * 1024 * 1024;
const SMALLEST_PART = 1024 * 1024;
const WHOLE = Number.POSITIVE_INFINITY;

/**
 * Sends a blob into a repository. A transfer that was cut continues where the registry says it got to; an upload that the
 * registry has lost starts again. After a cut the blob is sent in parts, each a quarter of what went through: so it also
 * reaches a server that ends every request after a while (zot after 60 s, by default).
 * @throws OciSaveError of what is final (413, a refused digest, a login), or of the last attempt
 */
export async function sendBlob(
  given: RepositoryCall,
  content: BlobContent,
  policy: RetryPolicy,
  { upload, onBytes, onRetry }: SendOptions,
): Promise<void> {
  const call = { ...given, retry: false };
  const progress = createProgress(onBytes);
  const { registry } = call.session;
  const sending: Sending = {
    upload,
    part: WHOLE,
    doubt: false,
    mistaken: false,
    refused: undefined,
    smaller: false,
    again: false,
    apart: registry.bytesApart,
  };
  const begin = (): Promise<Upload> => beginUpload(call, blobSubject(call.repository, content.digest));
  const attempt = async (): Promise<void> => {
    if (sending.doubt && (await hasArrived(call, content, sending, progress))) return;
    learnPartSize(registry, sending);
    const { size } = content;
    sending.upload ??= await begin();
    const { offset, parts: told } = sending.upload;
    const part = choosePartSize({
      size,
      offset,
      told,
      wanted: sending.part,
      learnt: registry.mostPart,
      many: sending.again,
    });
    if (part === WHOLE && offset > 0) {
      sending.upload = await begin();
      sending.again = true;
      progress.is(0);
    }
    sending.doubt = true;
    await sendRest(call, content, sending, sending.upload, part, progress);
    progress.is(size);
    registry.bytesApart ||= sending.apart;
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
  /** Bytes were sent, and it is not known whether they arrived. */
  doubt: boolean;
  /** The registry said once that other bytes had come. */
  mistaken: boolean;
  /** The part with a range that was just refused, for its size or for where it began. */
  refused: { readonly offset: number; readonly size: number; readonly words: string } | undefined;
  /** Smaller parts were tried already. */
  smaller: boolean;
  /** It was streamed from the start once more, in place of many small parts. */
  again: boolean;
  /** Its bytes go before its end, and not with it. */
  apart: boolean;
}

type Progress = ReturnType<typeof createProgress>;

function createProgress(onBytes: SendOptions['onBytes']) {
  let counted = 0;
  const add = (bytes: number): void => {
    counted += bytes;
    if (bytes !== 0) onBytes?.(bytes);
  };
  return {
    add,
    /** So many have arrived, which corrects what was counted. */
    is: (bytes: number): void => add(bytes - counted),
  };
}

/** After a failed attempt: whether the blob is there all the same, and else what the registry has of it. */
async function hasArrived(
  call: RepositoryCall,
  content: BlobContent,
  sending: Sending,
  progress: Progress,
): Promise<boolean> {
  const upload = sending.upload && (await uploadStatus(call, sending.upload, content.digest));
  sending.upload = upload !== undefined && upload.offset <= content.size ? upload : undefined;
  progress.is(sending.upload?.offset ?? 0);
  // The response to its end may have been lost, and not the blob.
  return sending.upload === undefined && headBlob(call, content.digest);
}

/** Takes from a refused part how large parts may be, unless the registry has other bytes than were thought. */
function learnPartSize(registry: Registry, sending: Sending): void {
  const { refused, upload } = sending;
  sending.refused = undefined;
  if (refused === undefined || (upload !== undefined && upload.offset !== refused.offset)) return;
  const smaller = smallerPart(refused.size, refused.words);
  if (smaller === undefined) return beginAnew(sending);
  sending.smaller = true;
  registry.mostPart = Math.min(registry.mostPart, smaller);
}

/** The upload is of no use any more; the next one has no parts, which may be what the registry did not accept. */
function beginAnew(sending: Sending): void {
  [sending.upload, sending.part] = [undefined, WHOLE];
}

async function sendRest(
  call: RepositoryCall,
  content: BlobContent,
  sending: Sending,
  start: Upload,
  part: number,
  { add }: Progress,
): Promise<void> {
  let upload = start;
  const partial = upload.offset > 0 || part !== WHOLE;
  const inOne = content.size <= ONE_REQUEST_BYTES && !partial && !sending.apart;
  const streamed = inOne ? 0 : content.size;
  let startedAt = performance.now();
  let sent = 0;
  const onSent = (bytes: number): void => {
    sent += bytes;
    add(bytes);
  };
  try {
    while (upload.offset < streamed) {
      [startedAt, sent] = [performance.now(), 0];
      const end = Math.min(streamed, upload.offset + part);
      upload = await sendPart(call, upload, content, end, onSent);
      sending.upload = upload;
    }
    [startedAt, sent] = [performance.now(), 0];
    await endUpload(call, upload, content, onSent);
  } catch (error) {
    call.signal?.throwIfAborted();
    if (lacksRoom(error)) throw error;
    if (isCut(error)) sending.part = Math.max(SMALLEST_PART, Math.floor(sent / 4));
    // Two uploads of one blob at once can damage each other in a registry: once more, since what was sent was hashed here.
    const again = isMistaken(error) && !sending.mistaken;
    sending.mistaken ||= again;
    const apart = inOne && isRequestRefused(error);
    if (isTemporary(error) || !(again || apart || isOutOfStep(error, partial))) {
      throw uploadError(error, content, performance.now() - startedAt);
    }
    sending.apart ||= apart;
    const { status, words } = refusalOf(error) ?? { status: 0, words: '' };
    const size = Math.min(content.size - upload.offset, part);
    const isRange = partial && size > 0 && (status === 413 || status === 416);
    if (isRange && !sending.smaller) sending.refused = { offset: upload.offset, size, words };
    else if (isRange || status !== 416) beginAnew(sending);
    // What was refused for its size has not arrived.
    sending.doubt = !(isRange && sending.smaller);
    const hint = error instanceof OciSaveError ? error.hintParts : undefined;
    throw new OciSaveError({ code: 'network', message: messageOf(error), hint, cause: error });
  }
}

/** Whether a request was refused, and not the login or the size: Artifactory ends no upload by one with bytes (docker/buildx#196). */
function isRequestRefused(error: unknown): boolean {
  const status = refusalOf(error)?.status ?? 0;
  return [400, 404, 405, 411, 415].includes(status) && !isMistaken(error);
}

/** Whether a refusal is about how far an upload got, or about an upload that the registry lost, and not about the blob. */
function isOutOfStep(error: unknown, partial: boolean): boolean {
  const refusal = refusalOf(error);
  if (refusal === undefined) return false;
  const { status, codes } = refusal;
  if (status === 404 || status === 410 || status === 416) return true;
  if (status === 400 && codes.some((code) => LOST_UPLOAD.has(code))) return true;
  return partial && status !== 401 && status !== 403;
}

const LOST_UPLOAD = new Set(['BLOB_UPLOAD_UNKNOWN', 'BLOB_UPLOAD_INVALID']);

/** zot ends every request after 60 s by default (2.1.17 and later); the clock of a busy machine is inexact. */
const [WALL_FROM, WALL_TO] = [55_000, 75_000];

const WALL_HINT =
  'A server or proxy seems to end requests after a minute. zot does so by default: set "readTimeout": "0s" and ' +
  '"writeTimeout": "0s" in the http section of its configuration.';

/** Whether the other end closed the connection in mid-request. */
function isCut(error: unknown): boolean {
  const code = systemCodeOf(error instanceof OciSaveError ? error.cause : undefined);
  return code === 'ECONNRESET' || code === 'EPIPE' || code === 'ERR_STREAM_PREMATURE_CLOSE';
}

/** Whether a registry says that it got other bytes than the digest's. */
function isMistaken(error: unknown): boolean {
  return refusalOf(error)?.codes.includes('DIGEST_INVALID') === true;
}

/** An error of an upload, with a hint where the response itself does not help. `milliseconds` is how long it took. */
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
      hint: 'Push again. If it stays so, check the proxies between this machine and the registry.',
      cause,
    });
  }
  const walled = isCut(error) && milliseconds >= WALL_FROM && milliseconds <= WALL_TO;
  return walled ? new OciSaveError({ code, message, hint: WALL_HINT, cause }) : error;
}
