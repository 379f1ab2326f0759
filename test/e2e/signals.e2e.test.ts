import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { hostname } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isRunning } from '../support/children.ts';
import { until } from '../support/deadline.ts';
import { one } from '../support/fixtures/index.ts';
import { type Listening, listen } from '../support/listen.ts';
import { CLI } from '../support/oci-save.ts';
import { skopeoStub, writePrograms } from '../support/programs.ts';
import { startSaving } from '../support/saving.ts';
import { toolsSearchPath } from '../support/tools.ts';
import { namesIn } from '../support/whole-bundle.ts';

const { registry, work, args } = await startSaving({
  'image:1': one({ seed: 'signals', layerBytes: 1100 * 1024 }),
});

/** A registry that takes connections and says nothing. */
const server = createServer(() => {});
let silent: Listening;
beforeAll(async () => {
  silent = await listen(server);
  await work.succeed(...args(`${registry.host}/image:1`, '-o', 'bundle'));
});
afterAll(() => silent.end());

/** How a process ended: by an exit code, or by a signal, which shells and runners show as its number and 128. */
async function endOf(child: ChildProcess): Promise<unknown> {
  return child.exitCode ?? child.signalCode ?? (await once(child, 'exit')).find((end) => end !== null);
}

/** A skopeo that copies for ever, deaf to SIGTERM, with a child of the same kind. Gives their process numbers. */
async function deafSkopeo(name: string): Promise<{ file: string; started: () => Promise<number[]> }> {
  const bin = work.file(`${name}-bin`);
  await mkdir(bin);
  const pids = path.join(bin, 'pids');
  await writePrograms(bin, {
    skopeo: `[ "$1" = --version ] && ${skopeoStub('1.18.0')} && exit
trap '' TERM INT
sleep 60 & echo $$ $! > ${pids}.new; mv ${pids}.new ${pids}
while :; do sleep 60; done`,
  });
  const read = async (): Promise<number[] | undefined> =>
    (await namesIn(bin)).includes('pids') ? (await readFile(pids, 'utf8')).split(' ').map(Number) : undefined;
  return { file: path.join(bin, 'skopeo'), started: () => until('skopeo runs', read) };
}

const ended = (pids: readonly number[]): Promise<boolean> =>
  until('all of skopeo has ended', () => !pids.some(isRunning) || undefined, 10);

describe('found B6: a signal ends the command', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s while skopeo is deaf, with all that skopeo started', async (signal, code) => {
    const skopeo = await deafSkopeo(signal);
    const child = work.start(
      ...args(
        `${registry.host}/image:1`,
        '-o',
        'deaf',
        '--cache-dir',
        signal,
        '--copier',
        'skopeo',
        '--skopeo',
      ),
      skopeo.file,
    );
    const pids = await skopeo.started();
    child.kill(signal);
    expect(await endOf(child)).toBe(code);
    await ended(pids);
    expect(await namesIn(work.file(`${signal}/runs`))).toEqual([]);
  });

  it('at once where it is the second, with all that skopeo started', async () => {
    const skopeo = await deafSkopeo('second');
    const child = work.start(
      ...args(
        `${registry.host}/image:1`,
        '-o',
        'deaf',
        '--cache-dir',
        'second',
        '--copier',
        'skopeo',
        '--skopeo',
      ),
      skopeo.file,
    );
    const pids = await skopeo.started();
    child.kill('SIGTERM');
    child.kill('SIGINT');
    expect(['SIGTERM', 'SIGINT']).toContain(await endOf(child));
    await ended(pids);
  });

  it.each([
    ['resolves', () => ['save', `${silent.host}/image:1`, '-o', 'silent', '-p', 'linux/amd64']],
    ['pushes', () => ['push', 'bundle', silent.host]],
  ])('while it %s at a registry that is silent', async (_, command) => {
    const asked = once(server, 'request');
    const child = work.start(...command(), '--insecure-registries', silent.host);
    await asked;
    child.kill('SIGTERM');
    expect(await endOf(child)).toBe(143);
  });

  it('after some seconds where another process holds the store’s lock', async () => {
    await mkdir(work.file('locked'), { mode: 0o700 });
    const holder = { host: hostname(), pid: process.pid };
    await writeFile(work.file('locked/prune.lock'), JSON.stringify(holder));
    const child = work.start(
      ...args(`${registry.host}/image:1`, '-o', 'locked-out', '--cache-dir', 'locked'),
    );
    await until('a run', async () => (await namesIn(work.file('locked/runs')))[0]);
    child.kill('SIGTERM');
    expect(await endOf(child)).toBe('SIGTERM');
  });

  it('while nobody reads what it prints', async () => {
    const lines = Array.from({ length: 20_000 }, (_, at) => `registry.example/team/image-${at}:1\n`);
    await writeFile(work.file('long.txt'), lines.join(''));
    const child = spawn(process.execPath, [CLI, 'list', 'long.txt', '--json'], {
      cwd: work.folder,
      env: { PATH: toolsSearchPath(), ...work.env },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    await once(child.stdout, 'readable');
    child.kill('SIGTERM');
    expect(await endOf(child)).toBe('SIGTERM');
  });
});
