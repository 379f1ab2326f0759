import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BadRegistry, startBadRegistry } from '../../support/bad-registry.ts';
import { one } from '../../support/fixtures/index.ts';
import type { Ran } from '../../support/captured.ts';
import { runMainAnyhow } from '../../support/main.ts';
import { tempFolder, type TempFolder } from '../../support/temp.ts';

let registry: BadRegistry;
let temp: TempFolder;
let runs = 0;
beforeAll(async () => {
  registry = await startBadRegistry({ images: { 'app/one:latest': one({ layerBytes: 100 }) } });
  temp = await tempFolder('quiet');
});
afterAll(async () => {
  await registry.close();
  await temp.close();
});

async function listNamed(name: string): Promise<string> {
  const list = path.join(temp.path, name);
  await writeFile(list, `${registry.host}/app/one\n`);
  return list;
}

/** Runs a command over a list of one image without a tag, which is warned of. */
async function run(command: string, ...more: readonly string[]): Promise<Ran> {
  runs += 1;
  const list = await listNamed('images.txt');
  const output = command === 'save' ? ['-o', path.join(temp.path, `out-${runs}`), '--copier', 'direct'] : [];
  const store = ['--cache-dir', path.join(temp.path, 'store'), '--insecure-registries', registry.host];
  return runMainAnyhow([command, '-f', list, '-p', 'linux/amd64', ...store, ...output, ...more]);
}

describe('found I: --quiet', () => {
  it.each(['save', 'lock'])(
    'of %s prints the warnings that its summary has, and nothing else',
    async (command) => {
      const { exitCode, stderr } = await run(command, '--quiet');
      expect(exitCode).toBe(0);
      expect(stderr).toMatch(
        /^Warnings: 1\n {2}\S*images\.txt:1: \S+app\/one: it names no tag: latest is used\n$/,
      );
      const loud = await run(command);
      expect(loud.stderr).toContain(stderr);
      expect(loud.stderr).toContain('\nTotal ');
    },
  );

  it('found F7: of list prints the same warnings, beside what it was asked for', async () => {
    const list = await listNamed('images.txt');
    const { stderr, stdout } = await runMainAnyhow(['list', list, '--quiet']);
    expect(stderr).toBe((await run('lock', '--quiet')).stderr);
    expect(stdout).toContain('/app/one:latest');
    const other = await listNamed('images.linux-arm64.txt');
    const noted = await runMainAnyhow(['list', other, '-p', 'linux/amd64', '--quiet']);
    expect(noted.stderr).toMatch(/its file name says linux\/arm64/);
  });

  it('prints the note on a list whose file name has another platform than the run (found F9)', async () => {
    const { stderr } = await run('lock', '--quiet', '-f', await listNamed('images.linux-arm64.txt'));
    expect(stderr).toMatch(
      /images\.linux-arm64\.txt:1 +its file name says linux\/arm64, its images are taken for linux\/amd64\n/,
    );
  });

  it('prints what failed, once', async () => {
    const { exitCode, stderr } = await run('save', '--quiet', `${registry.host}/app/none:1`);
    expect(exitCode).toBe(1);
    expect(stderr.match(/^Warnings: 1$/gm)).toHaveLength(1);
    expect(stderr).toContain('Failed: 1 of 2 images');
  });
});

describe('found I: the log of a run', () => {
  it('counts nothing where no image is to be had', async () => {
    const options = ['--insecure-registries', registry.host, '--cache-dir', path.join(temp.path, 'store')];
    const nothing = await runMainAnyhow(['save', `${registry.host}/app/none:1`, '-p', 'all', ...options]);
    expect(nothing.exitCode).toBe(1);
    expect(nothing.stderr).toContain(
      `error: images:1: ${registry.host}/app/none:1: ${registry.host} answered 404`,
    );
    expect(nothing.stderr).toMatch(/^Failed: 1 of 1 image; .*\nNo bundle was written\.$/m);
    expect(nothing.stderr).not.toMatch(/^(?:To fetch|Copying|Copied|Total)/m);
  });

  it('says what is to be fetched when all is found out, and before it is fetched', async () => {
    const { stderr } = await run('save');
    const lines = stderr.split('\n').map((line) => line.split(' ', 1)[0]);
    expect(lines.slice(0, 5)).toEqual(['List:', 'Resolving', 'Resolved', 'To', 'Copying']);
  });
});
