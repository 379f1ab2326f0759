import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BadRegistry, startBadRegistry } from '../support/bad-registry.ts';
import { one } from '../support/fixtures/index.ts';
import { CLI, type Workplace, workplace } from '../support/oci-save.ts';
import { runProgram } from '../support/program.ts';
import { accountIn } from '../support/resource-use.ts';
import { checkBundle, namesIn } from '../support/whole-bundle.ts';

const COUNT = 1000;
const MIB = 1024 * 1024;
const names = Array.from({ length: COUNT }, (_, at) => `many/image-${at}:1`);

let registry: BadRegistry;
let work: Workplace;
beforeAll(async () => {
  registry = await startBadRegistry({
    images: Object.fromEntries(names.map((name) => [name, one({ seed: name, layerBytes: 100 })])),
  });
  work = await workplace();
  await writeFile(work.file('list.txt'), names.map((name) => `${registry.host}/${name}\n`).join(''));
});
afterAll(async () => {
  await work.close();
  await registry.close();
});

/** Runs the command where a process may have so many files and connections open. */
const runWith = (files: number, words: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  runProgram(
    '/bin/sh',
    ['-c', 'ulimit -n "$1" && shift && exec "$@"', 'sh', String(files), process.execPath, CLI, ...words],
    {
      cwd: work.folder,
      env: { ...work.env, ...env },
    },
  );

const ARGS = ['save', '-f', 'list.txt', '-p', 'linux/amd64', '--copier', 'direct'];

describe('found K7: a list of many images, where few files may be open', () => {
  it('is saved, and its archive from what is here; found K12: in less than 200 MB of memory', async () => {
    const account = await accountIn(work.folder);
    const args = [...ARGS, '--insecure-registries', registry.host];
    const cold = await runWith(128, args, account.env);
    expect([cold.exitCode, cold.exitCode === 0 ? '' : cold.stderr]).toEqual([0, '']);
    expect(await checkBundle(work.file('oci-bundle'))).toHaveLength(COUNT);
    expect((await account.use()).memory / MIB).toBeLessThan(200);
    const warm = await runWith(128, [...args, '--archive', 'tar']);
    expect([warm.exitCode, warm.exitCode === 0 ? '' : warm.stderr]).toEqual([0, '']);
    expect(await namesIn(work.folder)).toContain('oci-bundle.tar');
  });

  it('fails by the words of the limit where it is far too low', async () => {
    const args = [...ARGS, '--insecure-registries', registry.host, '-o', 'other', '--cache-dir', 'fresh'];
    const { exitCode, stderr } = await runWith(24, args);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/too many files are open: this process may have 24/);
    expect(stderr).not.toContain('fault in oci-save');
  });
});
