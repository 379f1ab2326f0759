import { OciSaveError } from '../../errors.ts';
import { encodingOf } from './encoding.ts';
import type { HttpResponse } from '../follow.ts';
import { createAttempts, type RetryOptions, type RetryPolicy } from '../retry.ts';

/** Bytes from `offset` to the end of the whole. */
export interface BodyPart {
  /** The first byte that comes: the one asked for, or an earlier one from a server that cannot give that part. */
  readonly offset: number;
  /** Bytes of the whole, where the server tells. */
  readonly total?: number | undefined;
  readonly body: AsyncIterable<Uint8Array>;
}

export interface DownloadOptions extends Omit<RetryOptions, 'onRetry'> {
  /** How messages name it. */
  readonly subject: string;
  /** One request from a byte on, which does not retry by itself; undefined where only the whole can be had. */
  readonly open: (offset: number) => Promise<BodyPart | undefined>;
  /**
   * Throws away what came so far, where a server sends all of it again: the new bytes may be the right ones. Without it
   * they are passed over.
   */
  readonly restart?: ((received: number) => Promise<void>) | undefined;
  /** Bytes of the whole, where they are known; else the first part tells. */
  readonly size?: number | undefined;
  readonly policy: RetryPolicy;
  /** Told of a failure after which another attempt comes, with that attempt's number, and of the bytes that are here. */
  readonly onRetry?: ((error: unknown, next: number, received: number) => void) | undefined;
}

/**
 * The bytes of something, from the first to the last, however often the connection is cut: each further attempt asks for
 * the rest.
 * @throws the error of the last attempt, or of one that is final
 */
export async function* download(options: DownloadOptions): AsyncGenerator<Uint8Array> {
  const { subject, open, policy, restart, onRetry } = options;
  let { size } = options;
  let received = 0;
  const attempts = createAttempts(policy, {
    ...options,
    onRetry: (error, next) => onRetry?.(error, next, received),
  });
  for (;;) {
    try {
      const { offset, total, body } = (await open(received)) ?? (await openWhole(options));
      size ??= total;
      if (total !== undefined && total !== size) {
        await body[Symbol.asyncIterator]().return?.();
        throw changed(subject);
      }
      if (offset < received && restart !== undefined) {
        await restart(received);
        received = offset;
      }
      let position = offset;
      for await (const chunk of body) {
        const fresh = chunk.subarray(Math.max(0, received - position));
        position += chunk.length;
        received += fresh.length;
        if (fresh.length > 0) yield fresh;
      }
      if (size === undefined || received >= size) return;
      throw new OciSaveError({
        code: 'network',
        message: `${subject}: the transfer ended after ${received} of ${size} bytes`,
      });
    } catch (error) {
      await attempts.failed(error);
      // The connection broke after the last byte.
      if (received === size) return;
    }
  }
}

async function openWhole({ subject, open }: DownloadOptions): Promise<BodyPart> {
  const part = await open(0);
  if (part !== undefined) return part;
  throw new OciSaveError({ code: 'network', message: `${subject}: neither the rest nor the whole is sent` });
}

function changed(subject: string): OciSaveError {
  return new OciSaveError({ code: 'unsupported', message: `${subject} changed while it was read` });
}

/** The header that asks for bytes from an offset on. */
export function rangeHeader(offset: number): Record<string, string> {
  return offset > 0 ? { range: `bytes=${offset}-` } : {};
}

/**
 * Whether a server cannot give the rest (416), or gives a part of something else: of what was compressed on its way. It may
 * still give the whole.
 */
export function cannotResume({ status, headers, discard }: HttpResponse, offset: number): boolean {
  const isOther = status === 206 && encodingOf(headers) !== undefined;
  if (offset === 0 || !(status === 416 || isOther)) return false;
  discard();
  return true;
}

/**
 * Which part a response brings that was asked for bytes from `offset` on (RFC 9110, 14). Undefined where it is neither
 * that part nor the whole.
 */
export function partIn(
  { status, headers }: Pick<HttpResponse, 'status' | 'headers'>,
  offset: number,
): Omit<BodyPart, 'body'> | undefined {
  if (status === 200) {
    // Of a body that was compressed on its way, nobody tells how long it is.
    const length = encodingOf(headers) === undefined ? headers['content-length'] : undefined;
    return { offset: 0, total: length === undefined ? undefined : Number(length) };
  }
  const range = status === 206 ? parseContentRange(headers['content-range']) : undefined;
  return range !== undefined && (range.offset === offset || range.offset === 0) ? range : undefined;
}

/** Reads a Content-Range (RFC 9110, 14.4); undefined for what does not have its form. */
export function parseContentRange(header: string | undefined): Omit<BodyPart, 'body'> | undefined {
  const [, start, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(header?.trim() ?? '') ?? [];
  if (start === undefined) return undefined;
  return { offset: Number(start), total: total === '*' ? undefined : Number(total) };
}
