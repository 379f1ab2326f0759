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
  wait: (milliseconds, signal) => setTimeout(milliseconds, undefined, signal === undefined ? {} : { signal }),
};

/** Limits calls to so many in any minute; the others wait. */
export function createBudget(
  perMinute: number = UPLOADS_A_MINUTE,
  clock: Clock = CLOCK,
): (signal?: AbortSignal) => Promise<void> {
  const gone: number[] = [];
  let turn: Promise<void> = Promise.resolve();
  const pass = async (signal?: AbortSignal): Promise<void> => {
    const oldest = gone.length < perMinute ? undefined : gone[0];
    const left = oldest === undefined ? 0 : oldest + MINUTE - clock.now();
    if (left > 0) await clock.wait(left, signal);
    gone.push(clock.now());
    if (gone.length > perMinute) gone.shift();
  };
  return (signal) => {
    const mine = turn.then(() => pass(signal));
    // An aborted one does not delay the others.
    turn = mine.catch(() => {});
    return mine;
  };
}
