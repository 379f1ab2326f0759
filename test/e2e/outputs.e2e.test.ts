import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { beforeAll, describe, expect, it } from 'vitest';
import { one } from '../support/fixtures/index.ts';
import { CLI } from '../support/oci-save.ts';
import { runProgram } from '../support/program.ts';
import { startRunner } from '../support/runner.ts';
import { startSaving } from '../support/saving.ts';
import { toolsSearchPath } from '../support/tools.ts';
import { checkBundle } from '../support/whole-bundle.ts';

const { registry, work, args } = await startSaving({ 'image:1': one({ seed: 'outputs', layerBytes: 64 }) });
const IMAGE = `${registry.host}/image:1`;

type Output = 'stdout' | 'stderr';

/** Runs the command with outputs whose reader has left before the first byte. Gives its exit code and the other output. */
async function runClosed(closed: readonly Output[], ...words: readonly string[]) {
  const child = spawn(process.execPath, [CLI, ...words], {
    cwd: work.folder,
    env: { PATH: toolsSearchPath(), ...work.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const read = (output: Output): Promise<string> => {
    if (!closed.includes(output)) return text(child[output]);
    child[output].destroy();
    return Promise.resolve('');
  };
  const [stdout, stderr, [exitCode]] = await Promise.all([
    read('stdout'),
    read('stderr'),
    once(child, 'exit'),
  ]);
  return { exitCode, stdout, stderr };
}

beforeAll(async () => {
  await writeFile(work.file('list.txt'), `${IMAGE}\n`);
  await work.succeed(...args(IMAGE, '-o', 'bundle'));
});

describe('found H3: a command whose output nobody reads', () => {
  it.each<[string, string[]]>([
    ['list', ['list', 'list.txt']],
    ['lock', ['lock', IMAGE, '--insecure-registries', registry.host]],
    ['cache list', ['cache', 'list']],
    ['cache prune', ['cache', 'prune', '--max-size', '1GB', '--json']],
    ['push', ['push', 'bundle', `${registry.host}/x`, '--dry-run', '--json']],
    ['--help', ['--help']],
  ])('%s ends as if it had been read, without a word about it', async (_, words) => {
    const read = await work.run(...words);
    const closed = await runClosed(['stdout'], ...words);
    expect(closed).toEqual({
      exitCode: read.exitCode,
      stdout: '',
      stderr: expect.not.stringMatching(/EPIPE| at /),
    });
  });

  it.each<[string, Output[]]>([
    ['result', ['stdout']],
    ['log', ['stderr']],
    ['result and log', ['stdout', 'stderr']],
  ])('save leaves a whole bundle, though its %s is not read', async (_, closed) => {
    const output = `unread-${closed.join('-')}`;
    const { exitCode } = await runClosed(closed, ...args(IMAGE, '-o', output, '--json', '--verbose'));
    expect(exitCode).toBe(0);
    expect(await checkBundle(work.file(output))).toEqual([IMAGE]);
  });

  it.each([
    ['list', 2, ['list', 'nowhere.txt']],
    ['save, wrongly used,', 2, ['save', '--nonsense']],
    ['release', 2, ['release', 'bundle', 'v1']],
    ['save', 1, args(`${registry.host}/nowhere:1`, '--retries', '0', '-o', 'failed')],
  ])('%s keeps exit code %i where its errors are not read', async (_, code, words) => {
    expect(await runClosed(['stdout', 'stderr'], ...words)).toMatchObject({ exitCode: code });
  });

  it('serve goes on', async () => {
    const child = spawn(process.execPath, [CLI, 'serve', 'bundle', '--listen', '127.0.0.1:0'], {
      cwd: work.folder,
      env: { ...work.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stderr.destroy();
    const [address] = await once(child.stdout, 'data');
    child.stdout.destroy();
    for (let request = 0; request < 3; request += 1)
      expect((await fetch(`http://${String(address).trim()}/v2/`)).status).toBe(200);
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  it('the action goes on, and sets its outputs', async () => {
    await using runner = await startRunner();
    const head = ['bash', '-c', '"$@" | head -n 1; exit ${PIPESTATUS[0]}', 'bash'];
    const inputs = { images: IMAGE, platforms: 'linux/amd64', 'insecure-registries': registry.host };
    const { exitCode, outputs } = await runner.step(inputs, { wrap: head });
    expect([exitCode, outputs['count']]).toEqual([0, '1']);
    expect(await checkBundle(runner.file('oci-bundle'))).toEqual([IMAGE]);
  });
});

describe('a result that cannot be written', () => {
  const LOST = 'error: the result cannot be written to the standard output (ENOSPC)\n';
  const runFull = (...words: readonly string[]) =>
    runProgram('sh', ['-c', 'exec "$@" >/dev/full', 'sh', process.execPath, CLI, ...words], {
      cwd: work.folder,
      env: work.env,
    });

  it('is an error, and no reason to leave the work half done', async () => {
    expect(await runFull('list', 'list.txt', '--json', '--quiet')).toEqual({
      exitCode: 1,
      stdout: '',
      stderr: LOST,
    });
    const saved = await runFull(...args(IMAGE, '-o', 'full', '--json', '--quiet'));
    expect(saved).toEqual({ exitCode: 1, stdout: '', stderr: LOST });
    expect(await checkBundle(work.file('full'))).toEqual([IMAGE]);
  });

  it('is none where it was only the log', async () => {
    const words = ['sh', process.execPath, CLI, ...args(IMAGE, '-o', 'logged', '--json')];
    const { exitCode, stdout } = await runProgram('sh', ['-c', 'exec "$@" 2>/dev/full', ...words], {
      cwd: work.folder,
      env: work.env,
    });
    expect([exitCode, JSON.parse(stdout)]).toMatchObject([0, { outcome: 'done' }]);
    expect(await checkBundle(work.file('logged'))).toEqual([IMAGE]);
  });
});
