import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OciSaveError } from '../../src/errors.ts';
import { killPrograms, type ProcessOptions, run } from '../../src/process.ts';
import { isRunning } from '../support/children.ts';
import { until } from '../support/deadline.ts';
import { outputOf } from '../support/program.ts';
import { tempFolder, type TempFolder } from '../support/temp.ts';

let temp: TempFolder;
beforeAll(async () => void (temp = await tempFolder('run')));
afterAll(() => temp.close());

const env = { PATH: '/usr/bin:/bin' };
const shell = (script: string, options: Partial<ProcessOptions> = {}): ReturnType<typeof run> =>
  run('/bin/sh', ['-c', script], { env, ...options });

/** Far longer than any test may take. */
const FOR_EVER = 'sleep 20';

// Two of them wait for what they are about: side by side.
describe.concurrent('a program', () => {
  it('is told by its outputs and its exit code', async () => {
    expect(await shell('echo out; echo err >&2; exit 3')).toEqual({
      exitCode: 3,
      signal: undefined,
      stdout: 'out',
      stderr: 'err',
    });
  });

  it('gets its arguments as they are: no shell reads them', async () => {
    const args = ['$(id)', '`id`', '; id', '|id', '*', '~', '"', "'", '\\', ' a  b ', '--', 'a\nb'];
    const { stdout } = await run('/usr/bin/printf', ['<%s>', ...args], { env });
    expect(stdout).toBe(args.map((arg) => `<${arg}>`).join(''));
  });

  it('that does not end in time is ended, and said to be slow', async () => {
    await expect(shell(`exec ${FOR_EVER}`, { limitMilliseconds: 50 })).rejects.toMatchObject({
      code: 'machine',
      message: '/bin/sh did not end within 0 s',
    });
  });

  it('found B6: ends by a signal with all that it started, though they ignore it and hold its outputs', async () => {
    const stop = new AbortController();
    const reason = new OciSaveError({ code: 'interrupted', message: 'stopped' });
    const ready = path.join(temp.path, 'ready');
    await outputOf('mkfifo', [ready]);
    const deaf = `trap '' TERM INT; (${FOR_EVER}) & echo $! > ${ready}; while :; do ${FOR_EVER}; done`;
    const running = shell(deaf, { signal: stop.signal });
    const child = Number(await readFile(ready, 'utf8'));
    stop.abort(reason);
    await expect(running).rejects.toBe(reason);
    await until('its child has ended', () => !isRunning(child) || undefined, 10);
  });

  it('leaves behind what it started where it ends by itself', async () => {
    const { stdout } = await shell(`(exec ${FOR_EVER}) >/dev/null 2>&1 & echo $!`);
    expect(isRunning(Number(stdout))).toBe(true);
    process.kill(Number(stdout), 'SIGKILL');
  });

  it('that leaves another one behind is not waited for longer than itself', async () => {
    expect(await shell(`(${FOR_EVER}) & echo done`)).toMatchObject({ exitCode: 0, stdout: 'done' });
  });
});

describe('a program whose parent ends', () => {
  it('is killed with all that it started where this process ends at once', async () => {
    const ready = path.join(temp.path, 'started');
    await outputOf('mkfifo', [ready]);
    const running = shell(`trap '' TERM; (${FOR_EVER}) & echo $! > ${ready}; ${FOR_EVER}`);
    const child = Number(await readFile(ready, 'utf8'));
    killPrograms();
    expect(await running).toMatchObject({ signal: 'SIGKILL' });
    await until('its child has ended', () => !isRunning(child) || undefined, 10);
  });
});
