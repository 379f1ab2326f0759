import type { OciSaveError } from '../errors.ts';
import type { Refusal } from './refusal.ts';
import {
  isQuota,
  isRateRefusal,
  isTemporary,
  isTemporaryStatus,
  isThrottled,
  MAX_THROTTLE_MILLISECONDS,
  quotaError,
  refusalError,
} from '../registry/error.ts';
import { type Answer, type Ask, follow, type FollowOptions } from './follow.ts';
import { type RetryPolicy, withRetries } from './retry.ts';
import { createGate, type Gate } from './rate-limiter.ts';

export interface Exchange {
  /**
   * Asks, follows redirects, waits for throttles and retries what goes away by itself, `read` included.
   * `read` gets every answer that is final, refusals too, and has to read, bound or discard its body.
   * @throws OciSaveError
   */
  ask<T>(ask: Ask, read: (answer: Answer) => Promise<T> | T): Promise<T>;
  readonly stallMilliseconds: number;
}

export interface ExchangeOptions extends Omit<FollowOptions, 'admitted'> {
  readonly policy: RetryPolicy;
  readonly onWarning: (message: string) => void;
}

export function createExchange(options: ExchangeOptions): Exchange {
  const { policy, stallMilliseconds } = options;
  const gates = new Map<string, Gate>();
  const gateOf = (host: string): Gate => {
    const gate = gates.get(host) ?? createGate();
    gates.set(host, gate);
    return gate;
  };
  const attempt = async <T>(ask: Ask, read: (answer: Answer) => Promise<T> | T): Promise<T> => {
    const gate = gateOf(ask.url.host);
    // Asked when its turn has come: a burst that queues for connections heeds what its first answers say.
    const answer = await follow(ask, { ...options, admitted: () => gate.wait(ask.signal) });
    if (refusesForNow(ask, answer)) {
      throw judge(ask, await answer.refusal(), gate, options.onWarning);
    }
    return read(answer);
  };
  return {
    stallMilliseconds,
    ask(ask, read) {
      // Of a body that was streamed, the caller alone finds out how much has arrived.
      const may = (error: unknown): boolean =>
        isTemporary(error) && ask.stream === undefined && (ask.retry !== false || isThrottled(error));
      return withRetries(() => attempt(ask, read), policy, { signal: ask.signal, may });
    },
  };
}

function refusesForNow({ method }: Ask, { status, headers }: Answer): boolean {
  // Without a body and a time, a 429 for HEAD tells neither quota nor throttle: the caller's GET will.
  if (status === 429 && method === 'HEAD') return headers['retry-after'] !== undefined;
  return isTemporaryStatus(status);
}

/** What a refusal that may go away means for the host: its gate is shut for a while, or for good. */
function judge(ask: Ask, refusal: Refusal, gate: Gate, warn: (message: string) => void): OciSaveError {
  const action = ask.push === true ? 'push' : 'pull';
  if (isRateRefusal(refusal) && isQuota(refusal)) {
    const error = quotaError(refusal, action);
    gate.exhaust(error);
    return error;
  }
  const { retryAfter = 0, host } = refusal;
  if (retryAfter > MAX_THROTTLE_MILLISECONDS) {
    const seconds = Math.round(retryAfter / 1000);
    warn(`${host} asks to wait for ${seconds} s; waiting ${MAX_THROTTLE_MILLISECONDS / 1000} s`);
  }
  gate.hold(Math.min(retryAfter, MAX_THROTTLE_MILLISECONDS));
  return refusalError(ask.subject, refusal, 'nothing', action);
}
