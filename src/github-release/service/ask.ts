import { setTimeout as pause } from 'node:timers/promises';
import pRetry from 'p-retry';
import { OciSaveError } from '../../errors.ts';
import { isTemporary, readRefusal, type Refusal, refusalError } from './refusal.ts';

export interface AskOptions {
  /** Attempts after the first one. */
  readonly retries: number;
  /** Which refusals may be asked again; those that go away by themselves where it is left out. */
  readonly may?: ((refusal: Refusal) => boolean) | undefined;
  /** `owner/name on host`, for messages. */
  readonly where: string;
  /** What goes with every request, and must not be shown where an answer repeats it. */
  readonly secrets: readonly string[];
  readonly signal?: AbortSignal | undefined;
  /** Told where the service asks to wait. */
  readonly onWait: (milliseconds: number) => void;
}

/**
 * Asks the service; `subject` says for what. Where a failure goes away by itself it asks again, with growing pauses, or
 * after what the service wants.
 * @throws OciSaveError
 */
export type Ask = <T>(subject: string, attempt: () => Promise<T>) => Promise<T>;

/** A limit that lasts longer is the reader's business: a job that sleeps for an hour helps nobody. */
const MAX_WAIT_MILLISECONDS = 120_000;
/** What GitHub wants where it limits and names no time. */
const UNNAMED_WAIT_MILLISECONDS = 60_000;

const waitFor = ({ wait, limited }: Refusal): number => wait ?? (limited ? UNNAMED_WAIT_MILLISECONDS : 0);

export function createAsk({ retries, may = isTemporary, where, secrets, signal, onWait }: AskOptions): Ask {
  const read = (error: unknown): Refusal | undefined =>
    ownError(error) === undefined ? readRefusal(error, secrets) : undefined;
  return async (subject, attempt) => {
    try {
      return await pRetry(attempt, {
        retries,
        minTimeout: 1000,
        maxTimeout: 30_000,
        randomize: true,
        shouldRetry({ error }) {
          const refusal = read(error);
          return refusal !== undefined && may(refusal) && waitFor(refusal) <= MAX_WAIT_MILLISECONDS;
        },
        async onFailedAttempt({ error, retriesLeft }) {
          const refusal = read(error);
          const wait = refusal === undefined ? 0 : waitFor(refusal);
          if (wait === 0 || wait > MAX_WAIT_MILLISECONDS || retriesLeft === 0) return;
          onWait(wait);
          await pause(wait, undefined, signal === undefined ? {} : { signal });
        },
        ...(signal === undefined ? {} : { signal }),
      });
    } catch (error) {
      signal?.throwIfAborted();
      const refusal = read(error);
      throw refusal === undefined ? (ownError(error) ?? error) : refusalError(subject, where, refusal);
    }
  };
}

/** What we threw beneath octokit, which wraps it as a failure of the network. */
function ownError(error: unknown): OciSaveError | undefined {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof OciSaveError ? cause : undefined;
}
