import type { Readable } from 'node:stream';
import type { Digest } from '../oci/digest.ts';
import type { WantedBlob } from './blobs.ts';
import type { StreamedBody } from '../http/feed.ts';
import { blobSubject, type Repository } from './repository.ts';
import type { RegistryAnswer, RegistryRequest, Session } from './session.ts';
import { uploadLocation, withDigest } from './upload-location.ts';

/** A blob that can be sent, from any byte on and as often as needed. */
export interface BlobContent extends WantedBlob {
  /** The bytes from `start` up to `end`, which is not among them. */
  readonly open: (start: number, end: number) => Readable;
}

/** An upload that a registry has begun: where it goes on, and how many bytes are there. */
export interface Upload {
  readonly repository: Repository;
  readonly location: URL;
  readonly offset: number;
}

/** How one repository is written to. */
export interface UploadCall {
  readonly session: Session;
  readonly repository: Repository;
  /** Whether the user named the registry as insecure. */
  readonly insecure: boolean;
  readonly signal: AbortSignal | undefined;
}

/** What a registry needs at worst to hash and move a blob before it answers: 10 MB a second. */
const BYTES_A_MILLISECOND = 10_000;
const OCTETS = { 'content-type': 'application/octet-stream' };

function request(
  { repository, signal }: UploadCall,
  subject: string,
  parts: Pick<RegistryRequest, 'method' | 'target'> & Partial<RegistryRequest>,
): RegistryRequest {
  return { repository, signal, headers: {}, subject, push: true, ...parts };
}

/** Whether a repository has a blob. Only 404 is a no. */
export function headBlob({ session, repository, signal }: UploadCall, digest: Digest): Promise<boolean> {
  const subject = blobSubject(repository, digest);
  const asked = {
    method: 'HEAD',
    repository,
    target: { kind: 'blob', digest },
    headers: {},
    subject,
    signal,
  } as const;
  return session.ask(asked, async (answer) => {
    answer.discard();
    if (answer.status === 200) return true;
    if (answer.status === 404) return false;
    throw await answer.error();
  });
}

/** Begins an upload. */
export function beginUpload(call: UploadCall, subject: string): Promise<Upload> {
  const asked = request(call, subject, { method: 'POST', target: { kind: 'upload' } });
  return call.session.ask(asked, (answer) => begun(call, subject, answer));
}

/**
 * Asks for a blob that another repository of the registry has (distribution-spec, Mounting a blob): true where it is
 * there now, an upload where the registry would rather have it sent, false where it does not want to be asked so.
 */
export function mountBlob(call: UploadCall, digest: Digest, from: string): Promise<Upload | boolean> {
  const subject = blobSubject(call.repository, digest);
  const target = { kind: 'upload', mount: { digest, from } } as const;
  return call.session.ask(request(call, subject, { method: 'POST', target }), async (answer) => {
    if (answer.status === 201) {
      answer.discard();
      return true;
    }
    if (answer.status === 202) return begun(call, subject, answer);
    // Where one may write and not read, for example (google/go-containerregistry#1404): it is sent instead.
    answer.discard();
    return false;
  });
}

/** Sends bytes of a blob and returns where the upload goes on. A part says its range, a whole one does not. */
export function sendPart(
  call: UploadCall,
  upload: Upload,
  content: BlobContent,
  end: number,
  onSent: (bytes: number) => void,
): Promise<Upload> {
  const subject = blobSubject(call.repository, content.digest);
  const { offset, location } = upload;
  const whole = offset === 0 && end === content.size;
  const asked = request(call, subject, {
    method: 'PATCH',
    target: location,
    headers: { ...OCTETS, ...(whole ? {} : { 'content-range': `${offset}-${end - 1}` }) },
    stream: bodyOf(content, offset, end, onSent),
    extraMilliseconds: (end - offset) / BYTES_A_MILLISECOND,
    retry: false,
  });
  return call.session.ask(asked, async (answer) => {
    // Some answer 201 and 204 (ECR, and docker's older registries).
    if (![201, 202, 204].includes(answer.status)) throw await answer.error();
    answer.discard();
    return { ...upload, location: next(call, subject, answer, location), offset: end };
  });
}

/** Ends an upload of which all bytes are there, or sends all of them with its end. */
export function endUpload(
  call: UploadCall,
  upload: Upload,
  content: BlobContent,
  onSent: (bytes: number) => void,
): Promise<void> {
  const subject = blobSubject(call.repository, content.digest);
  const rest = content.size - upload.offset;
  const asked = request(call, subject, {
    method: 'PUT',
    target: withDigest(upload.location, content.digest),
    headers: OCTETS,
    ...(rest > 0 ? { stream: bodyOf(content, upload.offset, content.size, onSent) } : {}),
    extraMilliseconds: content.size / BYTES_A_MILLISECOND,
    retry: false,
  });
  return call.session.ask(asked, async (answer) => {
    if (answer.status !== 201 && answer.status !== 204) throw await answer.error();
    answer.discard();
  });
}

/** How far an upload got, by the registry's word; undefined where it knows nothing of it. */
export function uploadStatus(call: UploadCall, upload: Upload, digest: Digest): Promise<Upload | undefined> {
  const subject = blobSubject(call.repository, digest);
  return call.session.ask(request(call, subject, { method: 'GET', target: upload.location }), (answer) => {
    answer.discard();
    // What is no good answer to this question is none: the upload begins anew.
    if (answer.status !== 204 && answer.status !== 200) return undefined;
    const offset = receivedOf(answer);
    if (offset === undefined) return undefined;
    return { ...upload, location: next(call, subject, answer, upload.location), offset };
  });
}

/** Takes an upload back. A registry that cannot (405) clears it up by itself in time. */
export async function cancelUpload(call: UploadCall, upload: Upload): Promise<void> {
  const subject = `${upload.repository.domain}/${upload.repository.path}`;
  const asked = request(call, subject, { method: 'DELETE', target: upload.location, retry: false });
  await call.session.ask(asked, (answer) => answer.discard());
}

async function begun(call: UploadCall, subject: string, answer: RegistryAnswer): Promise<Upload> {
  if (answer.status !== 202) throw await answer.error();
  answer.discard();
  return {
    repository: call.repository,
    location: uploadLocation(subject, answer, call.insecure),
    offset: 0,
  };
}

/** An answer without a new Location means that the old one holds. */
function next({ insecure }: UploadCall, subject: string, answer: RegistryAnswer, old: URL): URL {
  return answer.headers.location === undefined ? old : uploadLocation(subject, answer, insecure);
}

/** `Range: 0-N` tells the last byte; `0-0` is also what registries say of an upload without any. */
function receivedOf({ headers }: RegistryAnswer): number | undefined {
  const { range } = headers;
  if (range === undefined) return 0;
  const [, last] = /^(?:bytes=)?0-(\d+)$/.exec(range.trim()) ?? [];
  if (last === undefined) return undefined;
  return last === '0' ? 0 : Number(last) + 1;
}

function bodyOf(
  content: BlobContent,
  start: number,
  end: number,
  onSent: (bytes: number) => void,
): StreamedBody {
  return { size: end - start, open: () => content.open(start, end), onSent };
}
