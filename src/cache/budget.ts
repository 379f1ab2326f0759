import { setTimeout } from 'node:timers/promises';

/** Half of the 200 uploads a minute that GitHub allows a repository, since other jobs save, too. */
export const UPLOADS_A_MINUTE = 100;

const MINUTE = 60_000;

export interface Clock {
  /** Milliseconds. */
  now(): number;
  wait(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

const CLOCK: Clock = {
  now: () => performance.now(),
  wait: (milliseconds, signal) => setTimeout(milliseconds, undefined, { signal }),
};

/** Limits calls to so many in any minute; the others wait. */
export function createBudget(
  perMinute: number = UPLOADS_A_MINUTE,
  clock: Clock = CLOCK,
): (signal?: AbortSignal) => Promise<void> {
  /** When the last so many went, the oldest first. */
  const gone = Array.from({ length: perMinute }, () => -MINUTE);
  let turn: Promise<void> = Promise.resolve();
  const pass = async (signal?: AbortSignal): Promise<void> => {
    const [oldest = 0] = gone;
    const left = oldest + MINUTE - clock.now();
    if (left > 0) await clock.wait(left, signal);
    gone.shift();
    gone.push(clock.now());
  };
  return (signal) => {
    const mine = turn.then(() => pass(signal));
    // An aborted one does not delay the others.
    turn = mine.catch(() => {});
    return mine;
  };
}
