import type { Readable } from 'node:stream';
import { OciSaveError } from '../errors.ts';
import {
  cannotResume,
  type HttpClient,
  type HttpResponse,
  type InsecureHosts,
  networkError,
  partIn,
  rangeHeader,
  refusalOf,
} from '../http/index.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { shortDigest } from '../oci/digest.ts';
import { refusalError } from './error.ts';
import { blobSubject, type Repository } from './repository.ts';
import type { RepositoryCall, Session } from './session.ts';

/** A blob as its descriptor has it. */
export type WantedBlob = Readonly<Pick<Descriptor, 'digest' | 'size'>>;

export interface BlobOptions {
  /** The first byte to read. */
  readonly offset?: number;
  readonly signal?: AbortSignal | undefined;
}

export interface BlobResponse {
  /** The first byte that comes: the one asked for, or 0 where the server ignores ranges. */
  readonly offset: number;
  /** Bytes of the whole as the server tells, who may be wrong: a body that is cut can be asked for again. */
  readonly toldSize: number | undefined;
  /**
   * The bytes from there to the blob's end, not hashed. It fails with `digest` where there are more than the descriptor
   * says, and with `network` where there are fewer or it stalls. Read it or destroy it.
   */
  readonly body: Readable;
}

interface Transfer {
  readonly subject: string;
  readonly blob: WantedBlob;
  readonly offset: number;
  /** Sends the request with these headers. */
  readonly send: (
    headers: Readonly<Record<string, string>>,
    read: (response: HttpResponse, error: () => Promise<OciSaveError>) => Promise<BlobResponse | undefined>,
  ) => Promise<BlobResponse | undefined>;
}

/** One GET of a blob from a registry. It is not retried, unless `retry` says so: the caller resumes. */
export function getBlob(
  session: Session,
  repository: Repository,
  blob: WantedBlob,
  { offset = 0, signal }: BlobOptions,
  retry: boolean | ((error: unknown) => boolean) = false,
): Promise<BlobResponse> {
  const subject = blobSubject(repository, blob.digest);
  const target = { kind: 'blob', digest: blob.digest } as const;
  return transfer({
    subject,
    blob,
    offset,
    send: (headers, read) =>
      session.request({ method: 'GET', repository, target, headers, subject, signal, retry }, (response) =>
        read(response, response.error),
      ),
  });
}

/**
 * One GET of a foreign layer from an address that its manifest names: anonymous, by https, or by http from a host that the
 * user named as insecure.
 * @param mayBePrivate whether the registry that has the manifest may name private addresses
 * @throws OciSaveError `unsupported` for any other address
 */
export function getUrl(
  http: HttpClient,
  insecure: InsecureHosts,
  address: string,
  blob: WantedBlob,
  { offset = 0, signal }: BlobOptions,
  mayBePrivate: boolean,
): Promise<BlobResponse> {
  const url = URL.parse(address);
  if (!url || !(url.protocol === 'https:' || (url.protocol === 'http:' && insecure.has(url)))) {
    throw new OciSaveError({
      code: 'unsupported',
      message: `blob ${shortDigest(blob.digest)}: its manifest names an address that is not https`,
    });
  }
  const subject = `foreign layer ${shortDigest(blob.digest)}`;
  const namedBy = mayBePrivate || insecure.has(url) ? undefined : 'its manifest names';
  return transfer({
    subject,
    blob,
    offset,
    send: (headers, read) =>
      http.request({ method: 'GET', url, headers, subject, namedBy, signal, retry: false }, (response) =>
        read(response, async () => refusalError(subject, await response.refusal(), 'elsewhere')),
      ),
  });
}

/** Statuses by which a registry says that it cannot give what it said to have. */
const NOT_GIVEN = new Set([404, 410, 416, 500]);
/** Statuses after which another request makes sense. */
const BUSY = new Set([429, 502, 503, 504]);

/**
 * Whether a repository gives a blob that it says to have, by one GET for its last byte. What HEAD says may come from a cache,
 * and the file be gone or cut off: after a garbage collection docker-registry 2.8.2 answers HEAD by 200, and breaks off the
 * body of a GET (measured).
 * @throws OciSaveError where the response does not tell, or there is none
 */
export async function givesBlob(
  { session, repository, signal }: RepositoryCall,
  blob: WantedBlob,
): Promise<boolean> {
  const offset = Math.max(0, blob.size - 1);
  const isBusy = (error: unknown): boolean => BUSY.has(refusalOf(error)?.status ?? 0);
  let part: BlobResponse | undefined;
  try {
    part = await getBlob(session, repository, blob, { offset, signal }, isBusy);
    // Of a server that sends all of it, the beginning is enough.
    for await (const _ of part.body) if (part.offset < offset) break;
    return part.toldSize === undefined || part.toldSize === blob.size;
  } catch (error) {
    signal?.throwIfAborted();
    const isDifferent = error instanceof OciSaveError && error.code === 'digest';
    if (part !== undefined || isDifferent || NOT_GIVEN.has(refusalOf(error)?.status ?? 0)) return false;
    throw error;
  }
}

async function transfer(wanted: Transfer): Promise<BlobResponse> {
  const { offset, send } = wanted;
  const response = await send(rangeHeader(offset), async (response, error) => {
    if (cannotResume(response, offset)) return undefined;
    if (response.status !== 200 && response.status !== 206) throw await error();
    return partOf(wanted, response);
  });
  // A server that cannot give this part may still give the whole.
  return response ?? transfer({ ...wanted, offset: 0 });
}

function partOf({ subject, blob: { size }, offset }: Transfer, response: HttpResponse): BlobResponse {
  const { host, headers, body } = response;
  const wrong = (what: string): OciSaveError => {
    body.destroy();
    return new OciSaveError({ code: 'digest', message: `${subject}: ${host} ${what}` });
  };
  const part = partIn(response, offset);
  if (part === undefined) throw wrong('sent another part than was asked');
  const { offset: start, total } = part;
  if (response.status === 206 && total !== undefined && total !== size)
    throw wrong(`has ${total} bytes, the manifest says ${size}`);
  // Of what was compressed on its way the length tells nothing.
  const told = total === undefined ? undefined : headers['content-length'];
  const length = Number(told ?? size - start);
  if (length > size - start) throw wrong(`has ${start + length} bytes, the manifest says ${size}`);
  const after = (received: number): string => ` after ${start + received} of ${size} bytes`;
  return {
    offset: start,
    toldSize: total,
    body: response.stream({
      limit: size - start,
      tooLong: () => wrong(`sends more than the ${size} bytes that the manifest says`),
      broken: (cause, received) => networkError(subject, host, cause, after(received)),
      ended(received) {
        if (received >= size - start) return undefined;
        const message = `${subject}: ${host} ended the body${after(received)}`;
        return new OciSaveError({ code: 'network', message });
      },
    }),
  };
}
