import type { Readable } from 'node:stream';
import { OciSaveError } from '../errors.ts';
import { type Digest, shortDigest } from '../oci/digest.ts';
import { boundedBody } from '../http/body.ts';
import { parseContentRange } from '../http/content-range.ts';
import { networkError, refusalError } from './error.ts';
import type { Exchange } from '../http/client.ts';
import type { Answer } from '../http/follow.ts';
import type { InsecureHosts } from '../http/insecure.ts';
import { blobSubject, type Repository } from './repository.ts';
import type { Session } from './session.ts';

/** A blob as its descriptor has it. */
export interface WantedBlob {
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
}

export interface BlobOptions {
  /** The first byte that is wanted. */
  readonly offset?: number;
  readonly signal?: AbortSignal | undefined;
}

export interface BlobResponse {
  /** The first byte that comes: the one asked for, or 0 where the server ignores ranges. */
  readonly offset: number;
  /**
   * The bytes from there to the blob's end. It errs with `digest` where there are more than the descriptor
   * says, and with `network` where there are fewer or none come. Nobody has hashed them. Read it or destroy
   * it.
   */
  readonly body: Readable;
}

interface Transfer {
  readonly subject: string;
  readonly blob: WantedBlob;
  readonly offset: number;
  readonly signal: AbortSignal | undefined;
  readonly stallMilliseconds: number;
}

type AskBlob = <T>(
  headers: Readonly<Record<string, string>>,
  read: (answer: Answer, error: () => Promise<OciSaveError>) => Promise<T>,
) => Promise<T>;

/** A blob from a registry. The caller resumes: only throttles and token requests are retried here. */
export function getBlob(
  session: Session,
  repository: Repository,
  blob: WantedBlob,
  { offset = 0, signal }: BlobOptions,
  stallMilliseconds: number,
): Promise<BlobResponse> {
  const subject = blobSubject(repository, blob.digest);
  return transfer({ subject, blob, offset, signal, stallMilliseconds }, (headers, read) =>
    session.ask(
      {
        method: 'GET',
        repository,
        target: { kind: 'blob', digest: blob.digest },
        headers,
        subject,
        signal,
        retry: false,
      },
      (answer) => read(answer, answer.error),
    ),
  );
}

/**
 * A foreign layer from an address that its manifest names: anonymous, by https, or by http from a host that
 * the user named as insecure.
 * @throws OciSaveError `unsupported` for any other address
 */
export function getUrl(
  exchange: Exchange,
  insecure: InsecureHosts,
  address: string,
  blob: WantedBlob,
  { offset = 0, signal }: BlobOptions,
): Promise<BlobResponse> {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (!url || !(url.protocol === 'https:' || (url.protocol === 'http:' && insecure.has(url)))) {
    throw new OciSaveError({
      code: 'unsupported',
      message: `blob ${shortDigest(blob.digest)}: its manifest names an address that is not https`,
    });
  }
  const { stallMilliseconds } = exchange;
  const subject = `foreign layer ${shortDigest(blob.digest)}`;
  return transfer({ subject, blob, offset, signal, stallMilliseconds }, (headers, read) =>
    exchange.ask({ method: 'GET', url, headers, subject, signal, retry: false }, (answer) =>
      read(answer, async () => refusalError(subject, await answer.refusal(), 'elsewhere')),
    ),
  );
}

async function transfer(wanted: Transfer, ask: AskBlob): Promise<BlobResponse> {
  const { offset } = wanted;
  const range = offset > 0 ? { range: `bytes=${offset}-` } : {};
  const response = await ask(range, async (answer, error) => {
    if (answer.status === 416 && offset > 0) {
      answer.discard();
      return undefined;
    }
    if (answer.status !== 200 && answer.status !== 206) throw await error();
    return begin(wanted, answer);
  });
  // A server that cannot give this part may still give the whole.
  return response ?? transfer({ ...wanted, offset: 0 }, ask);
}

function begin({ subject, blob, signal, stallMilliseconds, offset }: Transfer, answer: Answer): BlobResponse {
  const { host, headers, body } = answer;
  const wrong = (what: string): OciSaveError => {
    body.destroy();
    return new OciSaveError({ code: 'digest', message: `${subject}: ${host} ${what}` });
  };
  const part =
    answer.status === 206 ? parseContentRange(headers['content-range']) : { start: 0, total: undefined };
  if (!part || (part.start !== 0 && part.start !== offset)) throw wrong('sent another part than was asked');
  const { start, total } = part;
  if (total !== undefined && total !== blob.size) {
    throw wrong(`has ${total} bytes, the manifest says ${blob.size}`);
  }
  const expected = blob.size - start;
  const cut = (received: number): string => ` after ${start + received} of ${blob.size} bytes`;
  const length = Number(headers['content-length'] ?? expected);
  if (length > expected) throw wrong(`has ${start + length} bytes, the manifest says ${blob.size}`);
  return {
    offset: start,
    body: boundedBody(body, {
      limit: expected,
      stallMilliseconds,
      signal,
      tooLong: () => wrong(`sends more than the ${blob.size} bytes that the manifest says`),
      broken: (cause, received) => broken(subject, host, cause, cut(received)),
      ended: (received) =>
        received < expected
          ? new OciSaveError({
              code: 'network',
              message: `${subject}: ${host} ended the body${cut(received)}`,
            })
          : undefined,
    }),
  };
}

function broken(subject: string, host: string, cause: unknown, where: string): OciSaveError {
  const { code, message, hint } = networkError(subject, host, cause);
  return new OciSaveError({ code, message: message + where, hint, cause });
}
