import { expect, it } from 'vitest';
import { createBudget } from '../../src/cache/budget.ts';

it('the upload budget lets no more uploads through per minute than allowed', async () => {
  let now = 0;
  const waits: number[] = [];
  const clock = {
    now: () => now,
    wait: async (milliseconds: number) => {
      waits.push(milliseconds);
      now += milliseconds;
    },
  };
  const budget = createBudget(3, clock);
  const times: number[] = [];
  for (let upload = 0; upload < 10; upload += 1) {
    await budget();
    times.push(now);
    now += 1000;
  }
  for (const [at, time] of times.entries()) {
    const inMinute = times.filter((other, index) => index <= at && other > time - 60_000);
    expect(inMinute.length).toBeLessThanOrEqual(3);
  }
  expect(waits).toEqual([57_000, 57_000, 57_000]);
});

it('the upload budget goes on with other uploads after one was aborted', async () => {
  const never = { now: () => 0, wait: () => Promise.reject(new Error('given up')) };
  const budget = createBudget(1, never);
  await budget();
  await expect(budget()).rejects.toThrow('given up');
  await expect(budget()).rejects.toThrow('given up');
});

it('found L8: the upload budget holds where all uploads are wanted at once', async () => {
  let now = 0;
  const clock = {
    now: () => now,
    // Those that wait together wake up together.
    wait: async (milliseconds: number) => {
      const until = now + milliseconds;
      await Promise.resolve();
      now = Math.max(now, until);
    },
  };
  const budget = createBudget(3, clock);
  const times: number[] = [];
  await Promise.all(Array.from({ length: 10 }, async () => budget().then(() => times.push(now))));
  expect(times).toEqual([0, 0, 0, 60_000, 60_000, 60_000, 120_000, 120_000, 120_000, 180_000]);
});

it('the upload budget is not waited for by a run that was aborted', async () => {
  const budget = createBudget(1);
  await budget();
  await expect(budget(AbortSignal.abort())).rejects.toThrow(/abort/);
});
