import { describe, expect, it } from 'vitest';
import { OciSaveError } from '../../src/errors.ts';
import { createRateLimiter, type Lane, type RateLimiter } from '../../src/http/rate-limiter.ts';
import { until } from '../support/deadline.ts';
import { failureOf } from '../registry/support.ts';

const pulls: Lane = { name: 'pulls', hasQuota: true };
const looks: Lane = { name: 'looks', hasQuota: false };

describe('createRateLimiter', () => {
  it('lets requests through until it is told to hold', async () => {
    await expect(createRateLimiter(1).enter()).resolves.toBeUndefined();
  });

  it('lets no request through before the time, and all after it', async () => {
    let clock = 0;
    let looks = 0;
    const limiter = createRateLimiter(1, () => {
      looks += 1;
      return clock;
    });
    limiter.hold(5);
    limiter.hold(1);
    const passed: string[] = [];
    const all = ['a', 'b'].map(async (name) => {
      await limiter.enter();
      passed.push(`${name} at ${clock}`);
    });
    // The clock, not the timer, lets requests through: a timer that fires before the clock's time is set again.
    await until('the rate limiter looks again', () => (looks > 8 ? true : undefined));
    expect(passed).toEqual([]);
    clock = 5;
    await Promise.all(all);
    // Timers of one time fire in any order.
    expect(new Set(passed)).toEqual(new Set(['a at 5', 'b at 5']));
  });

  it('tells for how long the host has let nothing of a lane through, a burst counted once', () => {
    let clock = 0;
    const limiter = createRateLimiter(100, () => clock);
    const throttledAt = (at: number, lane?: Lane): unknown => {
      clock = at;
      return limiter.throttled(10, lane);
    };
    expect(throttledAt(50, pulls)).toEqual({ times: 1, milliseconds: 0 });
    expect(throttledAt(60, pulls)).toEqual({ times: 1, milliseconds: 10 });
    expect(throttledAt(1000, pulls)).toEqual({ times: 2, milliseconds: 950 });
    expect(throttledAt(2000)).toEqual({ times: 1, milliseconds: 0 });
    // What it lets through of another lane says nothing of this one.
    limiter.passed(looks);
    expect(throttledAt(3000, pulls)).toEqual({ times: 3, milliseconds: 2950 });
    limiter.passed(pulls);
    expect(throttledAt(4000, pulls)).toEqual({ times: 1, milliseconds: 0 });
    expect(throttledAt(5000)).toEqual({ times: 2, milliseconds: 3000 });
  });

  it('fails those who wait and those who come once the quota is gone, with one cause', async () => {
    const limiter = createRateLimiter(1);
    limiter.hold(3_600_000);
    const waiting = failureOf(limiter.enter());
    const quota = new OciSaveError({ code: 'quota', message: 'gone' });
    limiter.exhaust(quota);
    limiter.exhaust(new OciSaveError({ code: 'quota', message: 'a later cause' }));
    expect(await waiting).toBe(quota);
    expect(await failureOf(limiter.enter())).toBe(quota);
  });

  it('case A1: lets the first of a lane with a quota through alone, until the host let one through', async () => {
    const limiter = createRateLimiter(1);
    const entered: string[] = [];
    const enter = async (name: string, lane?: Lane): Promise<void> => {
      await limiter.enter(undefined, lane);
      entered.push(name);
    };
    await enter('first', pulls);
    const others = ['second', 'third'].map((name) => enter(name, pulls));
    await enter('beside');
    await enter('of another lane', looks);
    expect(entered).toEqual(['first', 'beside', 'of another lane']);
    // Refused: the next one goes alone, too.
    limiter.leave(pulls);
    await Promise.race(others);
    expect(entered.slice(3)).toEqual(['second']);
    limiter.passed(pulls);
    limiter.leave(pulls);
    await Promise.all(others);
  });

  it('lets all of a lane without a quota go at once', async () => {
    const limiter = createRateLimiter(1);
    let entered = 0;
    const enter = async (): Promise<void> => {
      await limiter.enter(undefined, looks);
      entered += 1;
    };
    await Promise.all(Array.from({ length: 40 }, enter));
    // What the host says of its pulls is no limit of theirs.
    limiter.passed(looks, 1);
    await enter();
    expect(entered).toBe(41);
  });

  it('N10: lets no more of a lane go at once than the host says that it still gives', async () => {
    const limiter = createRateLimiter(1);
    await limiter.enter(undefined, pulls);
    limiter.passed(pulls, 2);
    limiter.leave(pulls);
    let entered = 0;
    const all = [1, 2, 3].map(() => limiter.enter(undefined, pulls).then(() => (entered += 1)));
    await Promise.race(all);
    await Promise.race([Promise.all(all), Promise.resolve()]);
    expect(entered).toBe(2);
    // One that is said to be too many shows whether it is.
    limiter.passed(pulls, 0);
    for (let left = 0; left < 2; left += 1) limiter.leave(pulls);
    await Promise.all(all);
    expect(entered).toBe(3);
  });

  it('ends the waiting of an aborted request alone', async () => {
    const limiter = createRateLimiter(1);
    limiter.hold(3_600_000);
    const controller = new AbortController();
    const waiting = failureOf(limiter.enter(controller.signal));
    const reason = new OciSaveError({ code: 'interrupted', message: 'enough' });
    controller.abort(reason);
    expect(await waiting).toBe(reason);
  });
});

describe('createRateLimiter, after a throttle', () => {
  /** A limiter with a clock of its own, which nobody has to wait for. */
  const throttled = (milliseconds = 0) => {
    const time = { now: 0 };
    const limiter = createRateLimiter(100, () => time.now);
    limiter.throttled(milliseconds);
    return { limiter, time };
  };

  it('lets requests through one at a time, then more with those that pass', async () => {
    const { limiter, time } = throttled();
    time.now = 100;
    await limiter.enter();
    let second = false;
    const waiting = limiter.enter().then(() => (second = true));
    await Promise.resolve();
    expect(second).toBe(false);
    limiter.passed();
    limiter.leave();
    await waiting;
    limiter.passed();
    limiter.leave();
    // Two have passed: two may go at once.
    await Promise.all([limiter.enter(), limiter.enter()]);
    const aborted = new AbortController();
    const third = failureOf(limiter.enter(aborted.signal));
    aborted.abort(new OciSaveError({ code: 'interrupted', message: 'the third waits' }));
    expect(await third).toMatchObject({ message: 'the third waits' });
  });

  it.each([
    ['as long as the host says, where that is longer', 1000, 1, 1000],
    ['twice as long for the second in a row', 0, 2, 200],
    ['thirty seconds at most, where the host names no time', 0, 20, 30_000],
  ])('waits %s', async (_, told, times, milliseconds) => {
    const time = { now: 0 };
    const limiter = createRateLimiter(100, () => time.now);
    let last = 0;
    for (let count = 0; count < times; count += 1) {
      last = time.now;
      limiter.throttled(told);
      time.now += 40_000;
    }
    const early = new AbortController();
    time.now = last + milliseconds - 1;
    const waiting = failureOf(limiter.enter(early.signal));
    early.abort(new OciSaveError({ code: 'interrupted', message: 'it waits' }));
    expect(await waiting).toMatchObject({ message: 'it waits' });
    time.now = last + milliseconds;
    await expect(limiter.enter()).resolves.toBeUndefined();
  });

  it('takes the throttles of a burst for one', async () => {
    const { limiter, time } = throttled();
    for (let count = 0; count < 30; count += 1) limiter.throttled(0);
    time.now = 100;
    await expect(limiter.enter()).resolves.toBeUndefined();
  });
});

describe('createRateLimiter, where the host is not available', () => {
  const gone = new OciSaveError({ code: 'network', message: 'gone' });
  const later = new OciSaveError({ code: 'network', message: 'gone, said later' });
  const unavailable = (milliseconds: number) => {
    const time = { now: 0 };
    const limiter = createRateLimiter(100, () => time.now);
    expect(limiter.unavailable(milliseconds, gone)).toEqual({
      times: 1,
      milliseconds: 0,
      error: gone,
      isOfMany: false,
    });
    return { limiter, time };
  };
  const entering = (
    limiter: RateLimiter,
  ): { readonly entered: () => number; readonly all: Promise<unknown> } => {
    let count = 0;
    const all = Promise.all([1, 2, 3].map(() => limiter.enter().then(() => (count += 1))));
    return { entered: () => count, all };
  };

  it.each([
    ['it passed', (limiter: RateLimiter) => limiter.passed()],
    ['it came to nothing, as without a connection', () => {}],
  ])('lets one request look for it, and the others go when %s', async (_, ended) => {
    const { limiter, time } = unavailable(500);
    time.now = 500;
    await limiter.enter();
    const { entered, all } = entering(limiter);
    await new Promise(setImmediate);
    expect(entered()).toBe(0);
    ended(limiter);
    limiter.leave();
    await all;
  });

  it('counts a burst once, and an outage until it lets one of the lane through', () => {
    const { limiter, time } = unavailable(500);
    time.now = 100;
    expect(limiter.unavailable(500, later)).toMatchObject({ times: 1, milliseconds: 100, error: gone });
    time.now = 700;
    limiter.passed(looks);
    expect(limiter.unavailable(500, later)).toMatchObject({ times: 2, milliseconds: 700, error: gone });
    limiter.passed();
    time.now = 2000;
    expect(limiter.unavailable(500, later)).toMatchObject({ times: 1, milliseconds: 0, error: later });
  });

  it('tells whether it was so for more than one address', () => {
    const { limiter } = unavailable(500);
    expect(limiter.unavailable(500, later)).toMatchObject({ isOfMany: false });
    expect(limiter.unavailable(500, later, undefined, '/other')).toMatchObject({ isOfMany: true });
    limiter.passed();
    expect(limiter.unavailable(500, later, undefined, '/other')).toMatchObject({ isOfMany: false });
  });

  it('is given up as a whole, or for a lane where it serves another one', async () => {
    const { limiter, time } = unavailable(500);
    time.now = 400;
    limiter.passed(looks);
    const waiting = failureOf(limiter.enter());
    expect(limiter.giveUp(gone)).toBe(gone);
    expect(await waiting).toBe(gone);
    time.now = 500;
    await limiter.enter(undefined, looks);
    limiter.unavailable(500, later, looks);
    expect(limiter.giveUp(later, looks)).toBe(later);
    expect(await failureOf(limiter.enter(undefined, { name: 'any', hasQuota: false }))).toBe(later);
  });

  it('refuses those who may not wait for it that long, with the one cause, and no other lane', async () => {
    const { limiter, time } = unavailable(500);
    expect(await failureOf(limiter.enter(undefined, undefined, 499))).toBe(gone);
    const patient = limiter.enter(undefined, undefined, 500);
    const other = limiter.enter(undefined, looks, 1);
    time.now = 500;
    await Promise.race([patient, other]);
    limiter.passed();
    limiter.leave();
    await Promise.all([patient, other]);
  });
});
