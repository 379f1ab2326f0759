import { setTimeout as pause } from 'node:timers/promises';
import { OciSaveError } from '../errors.ts';
import type { Hint } from '../text/hint.ts';
import { isTemporary, isUnknownName } from './response/error.ts';

export interface RetryPolicy {
  /** Attempts after the first one; of a host whose name is unknown one at most. */
  readonly retries: number;
  /** Before the second attempt; doubled, with jitter, for each further one. */
  readonly retryMilliseconds: number;
}

export interface RetryOptions {
  readonly signal?: AbortSignal | undefined;
  /** Which failures another attempt may help; `isTemporary` by default. */
  readonly may?: ((error: unknown) => boolean) | undefined;
  /** Told of a failure after which another attempt comes, with that attempt's number. */
  readonly onRetry?: ((error: unknown, next: number) => void) | undefined;
}

const MAX_DELAY_MILLISECONDS = 30_000;

/**
 * Errors for which all attempts were made. Whoever retries around them does not begin anew: what always fails costs
 * `retries` + 1 requests, however many callers lie above each other.
 */
const spent = new WeakSet<Error>();

/** Whether all attempts were made, or none helps. An error may have been put into other words on its way. */
export function isSpent(error: unknown): boolean {
  return error instanceof Error && (spent.has(error) || isSpent(error.cause));
}

/** The same error, for which nobody makes another attempt: it was found that none helps. */
export function asFinal(error: OciSaveError): OciSaveError {
  spent.add(error);
  return error;
}

/** The same error with other words, or another hint: it is tried no more than it would have been. */
export function inOtherWords(error: OciSaveError, message: string, hint: Hint | undefined): OciSaveError {
  const other = error.reworded(message, hint);
  if (isSpent(error)) spent.add(other);
  return other;
}

/**
 * The attempts at one thing: `failed` waits before the next one, or throws the error where there is none. It is apart from
 * `withRetries` for a generator, which cannot yield from a callback.
 */
export function createAttempts(
  { retries, retryMilliseconds }: RetryPolicy,
  { signal, may = isTemporary, onRetry }: RetryOptions,
): { failed(error: unknown): Promise<void> } {
  let made = 0;
  return {
    async failed(error) {
      signal?.throwIfAborted();
      made += 1;
      if (!(error instanceof Error) || isSpent(error) || !may(error)) throw error;
      if (made > (isUnknownName(error) ? Math.min(retries, 1) : retries)) {
        const last = made > 1 ? withAttempts(error, made) : error;
        spent.add(last);
        throw last;
      }
      onRetry?.(error, made + 1);
      const delay = Math.min(
        retryMilliseconds * 2 ** (made - 1) * (1 + Math.random()),
        MAX_DELAY_MILLISECONDS,
      );
      try {
        await pause(delay, undefined, signal === undefined ? {} : { signal });
      } catch (aborted) {
        signal?.throwIfAborted();
        throw aborted;
      }
    },
  };
}

/** The last error says how often it was tried. One that only speaks of its own cause stays as it is. */
function withAttempts(error: Error, made: number): Error {
  return error instanceof OciSaveError
    ? error.reworded(`${error.message}, in attempt ${made} of ${made}`)
    : error;
}

/** Attempts that fail for a cause that goes away are made again. */
export async function withRetries<T>(
  attempt: (number: number) => Promise<T>,
  policy: RetryPolicy,
  options: RetryOptions,
): Promise<T> {
  const attempts = createAttempts(policy, options);
  for (let number = 1; ; number += 1) {
    try {
      return await attempt(number);
    } catch (error) {
      await attempts.failed(error);
    }
  }
}
