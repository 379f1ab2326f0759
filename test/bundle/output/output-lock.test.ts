import { readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { holderFile, lockOutput } from '../../../src/bundle/output/output-lock.ts';
import { openOutputFolder } from '../../../src/bundle/index.ts';
import { failureOf } from '../../registry/support.ts';
import { until } from '../../support/deadline.ts';
import { tempFolder, type TempFolder } from '../../support/temp.ts';
import { namesIn } from '../../support/whole-bundle.ts';

const HOUR = 60 * 60_000;
let temp: TempFolder;
let output: string;
beforeEach(async () => {
  temp = await tempFolder('output-lock');
  output = path.join(temp.path, 'bundle');
});
afterEach(async () => {
  vi.useRealTimers();
  await temp.close();
});

async function aged(hours: number): Promise<void> {
  const then = new Date(Date.now() - hours * HOUR);
  await utimes(holderFile(output), then, then);
}

describe('the lock of an output', () => {
  it.each([
    ['of another container', { host: hostname(), namespace: '1', pid: 1 }],
    ['of another host', { host: 'another', pid: 1 }],
    ['whose number another process has now', { host: hostname(), pid: process.ppid }],
  ])('of a killed run %s is taken over after six hours without a sign', async (_, holder) => {
    await writeFile(holderFile(output), JSON.stringify(holder));
    await aged(5.9);
    expect((await failureOf(lockOutput(output))).message).toContain('another run writes to');
    await aged(6.1);
    const lock = await lockOutput(output);
    expect(JSON.parse(await readFile(holderFile(output), 'utf8'))).toMatchObject({ pid: process.pid });
    await lock.release();
  });

  it('found B9: that another run took over is said by name, and what that run builds stays', async () => {
    const folder = await openOutputFolder(output);
    await folder.checkLock();
    await writeFile(holderFile(output), JSON.stringify({ host: 'another', pid: 1 }));
    await writeFile(path.join(folder.staging, 'of-the-other-run'), '');
    const { code, message } = await failureOf(folder.checkLock());
    expect([code, message]).toEqual(['machine', expect.stringContaining(`the lock of ${output}`)]);
    await folder.release();
    expect(await namesIn(folder.staging)).toEqual(['of-the-other-run']);
    expect(JSON.parse(await readFile(holderFile(output), 'utf8'))).toEqual({ host: 'another', pid: 1 });
  });

  it('of a run that lives is renewed, and taken over by none', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const lock = await lockOutput(output);
    await aged(7);
    vi.advanceTimersByTime(5 * 60_000);
    await until('a new time of the lock', async () =>
      Date.now() - (await stat(holderFile(output))).mtimeMs < HOUR ? true : undefined,
    );
    expect((await failureOf(lockOutput(output))).code).toBe('machine');
    await lock.release();
    expect(vi.getTimerCount()).toBe(0);
  });
});
