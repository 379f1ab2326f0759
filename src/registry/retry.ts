import pRetry from 'p-retry';
import { isTemporary } from './error.ts';

export interface RetryPolicy {
  /** Attempts after the first one. */
  readonly retries: number;
  /** Before the second attempt; doubled, with jitter, for each further one. */
  readonly retryMilliseconds: number;
}

const MAX_DELAY_MILLISECONDS = 30_000;

/** Attempts that fail for a cause that goes away are made again; `may` narrows which ones. */
export function withRetries<T>(
  attempt: () => Promise<T>,
  { retries, retryMilliseconds }: RetryPolicy,
  { signal, may = isTemporary }: { signal?: AbortSignal | undefined; may?: (error: unknown) => boolean },
): Promise<T> {
  return pRetry(attempt, {
    retries,
    minTimeout: retryMilliseconds,
    maxTimeout: MAX_DELAY_MILLISECONDS,
    randomize: true,
    shouldRetry: ({ error }) => may(error),
    ...(signal === undefined ? {} : { signal }),
  });
}
