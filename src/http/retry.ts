import pRetry from 'p-retry';
import { isTemporary } from '../registry/error.ts';

export interface RetryPolicy {
  /** Attempts after the first one. */
  readonly retries: number;
  /** Before the second attempt; doubled, with jitter, for each further one. */
  readonly retryMilliseconds: number;
}

const MAX_DELAY_MILLISECONDS = 30_000;

export interface RetryOptions {
  readonly signal?: AbortSignal | undefined;
  readonly may?: (error: unknown) => boolean;
  /** Told of a failure after which another attempt comes, with that attempt's number. */
  readonly onRetry?: (error: Error, next: number) => void;
}

/** Attempts that fail for a cause that goes away are made again; `may` narrows which ones. */
export function withRetries<T>(
  attempt: () => Promise<T>,
  { retries, retryMilliseconds }: RetryPolicy,
  { signal, may = isTemporary, onRetry }: RetryOptions,
): Promise<T> {
  return pRetry(attempt, {
    retries,
    minTimeout: retryMilliseconds,
    maxTimeout: MAX_DELAY_MILLISECONDS,
    randomize: true,
    shouldRetry: ({ error }) => may(error),
    onFailedAttempt: ({ error, attemptNumber, retriesLeft }) => {
      if (retriesLeft > 0 && may(error)) onRetry?.(error, attemptNumber + 1);
    },
    ...(signal === undefined ? {} : { signal }),
  });
}
