import type { Readable } from 'node:stream';
import { OciSaveError } from '../errors.ts';
import { redirectTarget, type StreamedBody } from '../http/index.ts';
import type { Digest } from '../oci/digest.ts';
import type { WantedBlob } from './blobs.ts';
import { lacksRoom } from './error.ts';
import { type PartLimits, partLimitsIn } from './part-size.ts';
import { blobSubject, type Repository } from './repository.ts';
import type { RegistryRequest, RegistryResponse, RepositoryCall } from './session.ts';

/** A blob that can be sent, from any byte on and as often as needed. */
export interface BlobContent extends WantedBlob {
  /** The bytes from `start` up to `end`, which is not among them. */
  readonly open: (start: number, end: number) => Readable;
}

/** An upload that a registry has started: where it continues, and how many bytes are there. */
export interface Upload {
  readonly repository: Repository;
  readonly location: URL;
  readonly offset: number;
  readonly parts: PartLimits;
}

/** What a registry needs at worst to hash and move a blob before it responds: 10 MB a second. */
const BYTES_A_MILLISECOND = 10_000;
const OCTETS = { 'content-type': 'application/octet-stream' };

function request(
  { repository, signal, retry = true }: RepositoryCall,
  subject: string,
  parts: Pick<RegistryRequest, 'method' | 'target'> & Partial<RegistryRequest>,
): RegistryRequest {
  return { repository, signal, headers: {}, subject, push: true, retry, ...parts };
}

/** Whether a repository has a blob. Only 404 is a no. */
export function headBlob(call: RepositoryCall, digest: Digest): Promise<boolean> {
  const target = { kind: 'blob', digest } as const;
  const wanted = request(call, blobSubject(call.repository, digest), { method: 'HEAD', target, push: false });
  return call.session.request(wanted, async (response) => {
    response.discard();
    if (response.status === 200) return true;
    if (response.status === 404) return false;
    throw await response.error();
  });
}

/** Starts an upload. */
export function beginUpload(
  call: RepositoryCall,
  subject = `${call.repository.domain}/${call.repository.path}`,
): Promise<Upload> {
  const wanted = request(call, subject, { method: 'POST', target: { kind: 'upload' } });
  return call.session.request(wanted, (response) => uploadIn(call, subject, response));
}

/**
 * Asks for a blob that another repository of the registry has (distribution-spec, Mounting a blob): true where it is
 * there now, an upload where the registry asks for its bytes, false where it refuses.
 */
export function mountBlob(call: RepositoryCall, digest: Digest, from: string): Promise<Upload | boolean> {
  const subject = blobSubject(call.repository, digest);
  const target = { kind: 'upload', mount: { digest, from } } as const;
  return call.session.request(request(call, subject, { method: 'POST', target }), async (response) => {
    if (response.status === 202) return uploadIn(call, subject, response);
    if (response.status !== 201) {
      const error = await response.error();
      // What has no room for a mounted blob has none for its bytes.
      if (lacksRoom(error)) throw error;
    }
    response.discard();
    // Where one may write and not read, for example (google/go-containerregistry#1404), it is sent instead.
    return response.status === 201;
  });
}

/** Sends bytes of a blob and returns where the upload continues. A part has a range, a whole blob does not. */
export function sendPart(
  call: RepositoryCall,
  upload: Upload,
  content: BlobContent,
  end: number,
  onSent: (bytes: number) => void,
): Promise<Upload> {
  const subject = blobSubject(call.repository, content.digest);
  const { offset, location } = upload;
  const whole = offset === 0 && end === content.size;
  const wanted = request(call, subject, {
    method: 'PATCH',
    target: location,
    headers: { ...OCTETS, ...(whole ? {} : { 'content-range': `${offset}-${end - 1}` }) },
    stream: bodyOf(content, offset, end, onSent),
    extraMilliseconds: (end - offset) / BYTES_A_MILLISECOND,
    retry: false,
  });
  return call.session.request(wanted, async (response) => {
    // Some respond with 201 or 204 (ECR, and docker's older registries).
    if (![201, 202, 204].includes(response.status)) throw await response.error();
    response.discard();
    return { ...upload, location: next(call, subject, response, location), offset: end };
  });
}

/** Ends an upload whose bytes are all there, or sends all of them with its end. */
export function endUpload(
  call: RepositoryCall,
  upload: Upload,
  content: BlobContent,
  onSent: (bytes: number) => void,
): Promise<void> {
  const subject = blobSubject(call.repository, content.digest);
  const rest = content.size - upload.offset;
  const wanted = request(call, subject, {
    method: 'PUT',
    target: withDigest(upload.location, content.digest),
    headers: OCTETS,
    ...(rest > 0 ? { stream: bodyOf(content, upload.offset, content.size, onSent) } : {}),
    extraMilliseconds: content.size / BYTES_A_MILLISECOND,
    retry: false,
  });
  return call.session.request(wanted, async (response) => {
    if (response.status !== 201 && response.status !== 204) throw await response.error();
    response.discard();
  });
}

/** How far an upload got, as the registry says; undefined where it does not know it. */
export function uploadStatus(
  call: RepositoryCall,
  upload: Upload,
  digest: Digest,
): Promise<Upload | undefined> {
  const subject = blobSubject(call.repository, digest);
  return call.session.request(
    request(call, subject, { method: 'GET', target: upload.location }),
    (response) => {
      response.discard();
      // Without a usable response the upload starts again.
      if (response.status !== 204 && response.status !== 200) return undefined;
      const offset = receivedOf(response);
      if (offset === undefined) return undefined;
      return { ...upload, location: next(call, subject, response, upload.location), offset };
    },
  );
}

/** Cancels an upload. A registry that cannot (405) removes it by itself in time. */
export async function cancelUpload(call: RepositoryCall, upload: Upload): Promise<void> {
  const subject = `${upload.repository.domain}/${upload.repository.path}`;
  const wanted = request(call, subject, { method: 'DELETE', target: upload.location, retry: false });
  await call.session.request(wanted, (response) => response.discard());
}

async function uploadIn(call: RepositoryCall, subject: string, response: RegistryResponse): Promise<Upload> {
  if (response.status !== 202) throw await response.error();
  response.discard();
  const location = uploadLocation(subject, response, call.session.registry.insecure);
  return { repository: call.repository, location, offset: 0, parts: partLimitsIn(response.headers) };
}

/** A response without a new Location means that the old one holds. */
function next({ session }: RepositoryCall, subject: string, response: RegistryResponse, old: URL): URL {
  if (response.headers.location === undefined) return old;
  return uploadLocation(subject, response, session.registry.insecure);
}

/** `Range: 0-N` has the last byte; `0-0` is also what registries send for an upload without any. */
function receivedOf({ headers }: RegistryResponse): number | undefined {
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

/**
 * Where an upload continues: the Location of a response, relative or absolute, with its query. The rules are those of
 * redirects, but for one: a registry behind a proxy that ends TLS often names itself by http; it is asked by https.
 * @throws OciSaveError `unsupported` where it is not an address, or one that may not be asked
 */
export function uploadLocation(
  subject: string,
  response: Pick<RegistryResponse, 'url' | 'host' | 'peer' | 'headers'>,
  trusted: boolean,
): URL {
  const { location } = response.headers;
  const target = location === undefined ? null : URL.parse(location, response.url.href);
  if (target === null) {
    const message = `${subject}: ${response.host} does not say where the upload continues`;
    throw new OciSaveError({ code: 'unsupported', message });
  }
  const { protocol, hostname } = response.url;
  if (protocol === 'https:' && target.protocol === 'http:' && target.hostname === hostname) {
    // Part by part: joined as a text, a path of `//elsewhere` would name another host.
    const twin = new URL(response.url);
    [twin.pathname, twin.search, twin.hash] = [target.pathname, target.search, ''];
    return twin;
  }
  return redirectTarget({ subject, from: response, location: target.href, trusted });
}

/** The address with the digest that ends an upload. The rest of the query is the registry's, and stays as it is. */
function withDigest(location: URL, digest: string): URL {
  const url = new URL(location);
  url.search = `${url.search}${url.search === '' ? '?' : '&'}digest=${encodeURIComponent(digest)}`;
  return url;
}
