import { setTimeout as pause } from 'node:timers/promises';
import type { OciSaveError } from '../errors.ts';

/**
 * One host's rate limit: every request passes it, so that all wait while one of them was told to, and none goes on
 * against a quota that is used up.
 */
export interface RateLimiter {
  /** Waits until a request may go to the host. Rejects with the quota's error, or with the signal's reason. */
  wait(signal?: AbortSignal): Promise<void>;
  /** Lets no request through for so many milliseconds from now, or longer where that was said before. */
  hold(milliseconds: number): void;
  /** Lets no request through any more: one cause for all that wait and all that come. */
  exhaust(error: OciSaveError): void;
}

/** `now` is a clock in milliseconds that never goes back. */
export function createRateLimiter(now: () => number = () => performance.now()): RateLimiter {
  let until = 0;
  let exhausted: OciSaveError | undefined;
  let wake = new AbortController();
  return {
    async wait(signal) {
      for (;;) {
        signal?.throwIfAborted();
        if (exhausted) throw exhausted;
        const left = until - now();
        if (left <= 0) return;
        await interruptible(left, signal ? AbortSignal.any([signal, wake.signal]) : wake.signal);
      }
    },
    hold(milliseconds) {
      until = Math.max(until, now() + milliseconds);
    },
    exhaust(error) {
      exhausted ??= error;
      wake.abort();
      wake = new AbortController();
    },
  };
}

async function interruptible(milliseconds: number, signal: AbortSignal): Promise<void> {
  try {
    await pause(milliseconds, undefined, { signal });
  } catch (error) {
    // The caller's loop looks why it was woken.
    if (!signal.aborted) throw error;
  }
}
