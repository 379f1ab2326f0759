import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type SignalHost, watchSignals } from '../../src/runtime/index.ts';
import { compiled } from '../support/compiled.ts';
import { outputOf } from '../support/program.ts';
import { tempFolder } from '../support/temp.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A process that can be sent signals, and notes how it ended itself. */
function fakeHost() {
  const listeners = new Map<string, () => void>();
  const ends: string[] = [];
  const host: SignalHost = {
    pid: 4711,
    on: (name, listener) => listeners.set(name, listener),
    off: (name) => listeners.delete(name),
    kill: (pid, name) => ends.push(`${pid} ${name}`),
    exit(code): never {
      ends.push(`exit ${code}`);
      throw new Error('ended');
    },
  };
  return { host, ends, listeners, send: (name: string) => listeners.get(name)?.() };
}

describe('a process that is sent a signal', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ])('is asked to end in order, and ends by %s itself where it has not after a while', (name, code) => {
    const { host, ends, listeners, send } = fakeHost();
    const told: string[] = [];
    const { signal, exitCode } = watchSignals(host, { onForced: (text) => told.push(text) });
    send(name);
    expect([signal.aborted, exitCode(), ends]).toEqual([true, code, []]);
    expect(() => vi.advanceTimersByTime(6000)).toThrow('ended');
    expect(ends).toEqual([`4711 ${name}`, `exit ${code}`]);
    expect(listeners.size).toBe(0);
    expect(told).toEqual(['ended without waiting any longer; the next run removes what is left']);
  });

  it('still ends by itself where only what the run left behind holds it', () => {
    const { host, ends, send } = fakeHost();
    const interruption = watchSignals(host, { onForced: () => {} });
    send('SIGTERM');
    interruption.stop();
    expect(() => vi.advanceTimersByTime(6000)).toThrow('ended');
    expect(ends).toEqual(['4711 SIGTERM', 'exit 143']);
  });

  it('ends at once at the second, by that one', () => {
    const { host, ends, send } = fakeHost();
    watchSignals(host, { onForced: () => {} });
    send('SIGINT');
    expect(() => send('SIGTERM')).toThrow('ended');
    expect(ends).toEqual(['4711 SIGTERM', 'exit 143']);
  });

  it('found B6: ends at the second though a file system that does not answer is waited for', async () => {
    vi.useRealTimers();
    const temp = await tempFolder('stuck');
    await outputOf('mkfifo', [path.join(temp.path, 'pipe')]);
    const script = `
      import { open } from 'node:fs';
      import { watchSignals } from ${JSON.stringify(path.resolve('src/runtime/index.ts'))};
      // As a file of a network file system whose server is gone: no signal ends it, and exit waits for it.
      open('pipe', 'r', () => {});
      watchSignals(process, { onForced: (text) => process.stdout.write(text) });
      process.stdout.write('ready');`;
    const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
      cwd: temp.path,
      env: { ...compiled() },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    child.kill('SIGTERM');
    child.kill('SIGINT');
    // Both may arrive as one.
    expect(['SIGTERM', 'SIGINT']).toContain((await once(child, 'exit'))[1]);
    await temp.close();
  });
});
