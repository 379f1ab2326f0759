import { setTimeout as pause } from 'node:timers/promises';
import type { OciSaveError } from '../errors.ts';

/** What a host counts together: a throttle of one lane says nothing of another one. */
export interface Lane {
  readonly name: string;
  /** Whether a quota counts it: the first goes alone, since one request shows that the quota is used up. */
  readonly hasQuota: boolean;
}

/**
 * One host's rate limit: every request passes it, so that all wait while one of them was told to, and none goes on
 * against a quota that is used up. After a throttle requests go out one at a time, then more with each that passes: a
 * burst would spend the attempts of all of them on what the host lets through for one.
 */
export interface RateLimiter {
  /**
   * Waits until a request may go to the host. The first of a lane with a quota goes alone. Rejects with the quota's error, with
   * that of a host that is not available for longer than `patience` milliseconds, or with the signal's reason.
   */
  enter(signal?: AbortSignal, lane?: Lane, patience?: number): Promise<void>;
  /** The same for somebody who asks the host by other means, and takes no place. */
  ready(signal?: AbortSignal): Promise<void>;
  /** To be called once for each request that entered, when its response is known or will not come. */
  leave(lane?: Lane): void;
  /** Tells that the host let a request through, and how many more of its lane it will, where it says so. */
  passed(lane?: Lane, left?: number): void;
  /**
   * Tells that the host throttled a request; it waits as long as the host says, and longer each time in a row.
   * @returns since when it has let nothing of the lane through
   */
  throttled(milliseconds: number, lane?: Lane): Throttles;
  /**
   * Tells that the host is not available, and for how long it asks to be left alone. After that one request at a time looks
   * whether it is there again: each of many would wait for it in each of its attempts.
   * @param error for all who may not wait for it that long; the first one of an outage counts
   * @param address what was asked for: one that is refused while nothing else is asked for says little of its host
   */
  unavailable(milliseconds: number, error: OciSaveError, lane?: Lane, address?: string): Outage;
  /**
   * Lets no request of a lane through any more, and none at all where no other lane had one let through since its outage
   * began. Returns the one cause for all that are told so.
   */
  giveUp(error: OciSaveError, lane?: Lane): OciSaveError;
  /** Lets no request through for so many milliseconds from now, or longer where that was said before. */
  hold(milliseconds: number): void;
  /** Lets no request through any more. Returns the one cause for all that wait, all that come and all that are told so. */
  exhaust(error: OciSaveError): OciSaveError;
}

/** What a host has done with the requests of a lane since it last let one through. */
export interface Throttles {
  /** How often it was asked again, each time after it was waited for. */
  readonly times: number;
  readonly milliseconds: number;
}

/** A host that has not been available to the requests of a lane since it last let one through. */
export interface Outage extends Throttles {
  readonly error: OciSaveError;
  /** Whether more than one address was refused. */
  readonly isOfMany: boolean;
}

/** What is known of a lane. */
interface Passage {
  inFlight: number;
  /** So many may be under way at once. */
  most: number;
  throttles: number;
  throttledAt: number;
  outage:
    | {
        times: number;
        readonly since: number;
        readonly error: OciSaveError;
        readonly address: string;
        isOfMany: boolean;
      }
    | undefined;
  /** Why no request of it goes out any more. */
  closed: OciSaveError | undefined;
}

/** What is in no lane. */
const OTHERS: Lane = { name: '', hasQuota: false };

const MAX_PAUSE_MILLISECONDS = 30_000;
/** So many at once are no limit: a client has fewer sockets. */
const MANY = 64;
const UNTIL_WOKEN = 2 ** 31 - 1;

/**
 * @param pauseMilliseconds after a throttle that names no time; doubled for each further one in a row
 * @param now a clock in milliseconds that never goes back
 */
export function createRateLimiter(
  pauseMilliseconds: number,
  now: () => number = () => performance.now(),
): RateLimiter {
  let until = 0;
  let exhausted: OciSaveError | undefined;
  let inFlight = 0;
  let allowed = Number.POSITIVE_INFINITY;
  let passes = 0;
  let throttles = 0;
  let passedAt = Number.NEGATIVE_INFINITY;
  /** One request at a time looks whether the host is available again. */
  let isLooking = false;
  const passages = new Map<string, Passage>();
  const passageOf = ({ name, hasQuota }: Lane): Passage => {
    const most = hasQuota ? 1 : Number.POSITIVE_INFINITY;
    const passage = passages.get(name) ?? {
      inFlight: 0,
      most,
      throttles: 0,
      throttledAt: 0,
      outage: undefined,
      closed: undefined,
    };
    passages.set(name, passage);
    return passage;
  };
  /** Takes a place where there is one, in the same moment. */
  const take = (lane: Lane): boolean => {
    const passage = passageOf(lane);
    if (passage.closed !== undefined) return false;
    if (inFlight >= (isLooking ? 1 : allowed) || passage.inFlight >= passage.most) return false;
    inFlight += 1;
    passage.inFlight += 1;
    return true;
  };
  let wake = new AbortController();
  const wakeAll = (): void => {
    wake.abort();
    wake = new AbortController();
  };
  const pauseOf = (times: number): number =>
    Math.min(pauseMilliseconds * 2 ** Math.max(0, times - 1), MAX_PAUSE_MILLISECONDS);
  const hold = (milliseconds: number): void => {
    until = Math.max(until, now() + milliseconds);
  };
  const exhaust = (error: OciSaveError): OciSaveError => {
    exhausted ??= error;
    wakeAll();
    return exhausted;
  };
  const wait = async (
    signal: AbortSignal | undefined,
    goes: () => boolean,
    refuses: () => OciSaveError | undefined = () => undefined,
  ): Promise<void> => {
    for (;;) {
      signal?.throwIfAborted();
      if (exhausted) throw exhausted;
      const left = until - now();
      if (left <= 0 && goes()) return;
      const refusal = refuses();
      if (refusal) throw refusal;
      const woken = signal ? AbortSignal.any([signal, wake.signal]) : wake.signal;
      await interruptible(left > 0 ? left : UNTIL_WOKEN, woken);
    }
  };
  return {
    enter: (signal, lane = OTHERS, patience = Number.POSITIVE_INFINITY) =>
      wait(
        signal,
        () => take(lane),
        () => {
          const { outage, closed } = passageOf(lane);
          if (closed !== undefined) return closed;
          return outage !== undefined && until - outage.since > patience ? outage.error : undefined;
        },
      ),
    ready: (signal) => wait(signal, () => true),
    leave(lane = OTHERS) {
      inFlight -= 1;
      passageOf(lane).inFlight -= 1;
      const wasLooking = isLooking;
      // A look that ended in anything else, such as no connection, is not made by all in turn.
      if (now() >= until) isLooking = false;
      if (lane.hasQuota || wasLooking || allowed !== Number.POSITIVE_INFINITY) wakeAll();
    },
    passed(lane = OTHERS, left = Number.POSITIVE_INFINITY) {
      // The last one that it lets through says 0; the next one shows whether that is so.
      if (lane.hasQuota) passageOf(lane).most = Math.max(1, left);
      throttles = 0;
      passedAt = now();
      passageOf(lane).throttles = 0;
      passageOf(lane).outage = undefined;
      if (isLooking) wakeAll();
      isLooking = false;
      passes += 1;
      if (passes < 2 * allowed) return;
      passes = 0;
      allowed = allowed < MANY ? allowed + 1 : Number.POSITIVE_INFINITY;
      wakeAll();
    },
    throttled(milliseconds, lane = OTHERS) {
      const passage = passageOf(lane);
      if (passage.throttles === 0) passage.throttledAt = now();
      // Of a burst all are throttled at once: that is one throttle.
      if (now() >= until) {
        throttles += 1;
        passage.throttles += 1;
      }
      passes = 0;
      allowed = 1;
      hold(Math.max(milliseconds, pauseOf(throttles)));
      return { times: passage.throttles, milliseconds: now() - passage.throttledAt };
    },
    unavailable(milliseconds, error, lane = OTHERS, address = '') {
      const passage = passageOf(lane);
      const outage = (passage.outage ??= { times: 0, since: now(), error, address, isOfMany: false });
      if (outage.address !== address) outage.isOfMany = true;
      // Of a burst all find it out at once.
      if (now() >= until) outage.times += 1;
      isLooking = true;
      hold(Math.max(milliseconds, pauseOf(outage.times)));
      const { times, since, isOfMany } = outage;
      return { times, milliseconds: now() - since, error: outage.error, isOfMany };
    },
    hold,
    giveUp(error, lane = OTHERS) {
      const passage = passageOf(lane);
      if (passedAt <= (passage.outage?.since ?? Number.NEGATIVE_INFINITY)) return exhaust(error);
      passage.closed ??= error;
      wakeAll();
      return passage.closed;
    },
    exhaust,
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
