import { describe, expect, it } from 'vitest';
import { OciSaveError } from '../../src/errors.ts';
import { type ProcessOptions, run } from '../../src/process.ts';

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

  it('that does not end in time is ended, and said to be slow', async () => {
    await expect(shell(`exec ${FOR_EVER}`, { limitMilliseconds: 50 })).rejects.toMatchObject({
      code: 'machine',
      message: '/bin/sh did not end within 0 s',
    });
  });

  it('ends by a signal though it ignores it and its children hold its outputs', async () => {
    const stop = new AbortController();
    const reason = new OciSaveError({ code: 'interrupted', message: 'stopped' });
    const onLine = (): void => stop.abort(reason);
    const deaf = `trap '' TERM INT; (${FOR_EVER}) & echo ready; while :; do ${FOR_EVER}; done`;
    await expect(shell(deaf, { signal: stop.signal, onLine })).rejects.toBe(reason);
  });

  it('that leaves another one behind is not waited for longer than itself', async () => {
    expect(await shell(`(${FOR_EVER}) & echo done`)).toMatchObject({ exitCode: 0, stdout: 'done' });
  });
});
