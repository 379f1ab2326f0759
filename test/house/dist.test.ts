import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { CLI } from '../support/oci-save.ts';
import { outputOf, runProgram } from '../support/program.ts';
import { tempFolder } from '../support/temp.ts';
import { isThere } from '../support/whole-bundle.ts';

const contents = async (folder: string): Promise<Record<string, string>> =>
  Object.fromEntries(
    await Promise.all(
      (await readdir(folder, { withFileTypes: true }))
        // The declarations are not committed: `npm pack` makes them.
        .filter((entry) => entry.isFile())
        .map(async ({ name }) => [name, await readFile(path.join(folder, name), 'utf8')]),
    ),
  );

/** The Node of a folder, where it is one that we do not run on. */
async function nodeIn(folder: string): Promise<string | undefined> {
  const node = path.join(folder, 'node');
  if (folder === '' || !(await isThere(node))) return undefined;
  const version = await outputOf(node, ['--version']);
  return Number(/^v(\d+)/.exec(version)?.[1] ?? 24) < 24 ? node : undefined;
}

describe('dist', () => {
  it('is what the source builds, in this and in any other folder', async () => {
    await using temp = await tempFolder('dist');
    await outputOf(process.execPath, [
      'node_modules/.bin/rolldown',
      '-c',
      'rolldown.config.ts',
      '-d',
      temp.path,
    ]);
    const [built, committed] = [await contents(temp.path), await contents('dist')];
    expect(Object.keys(built)).toEqual(Object.keys(committed));
    const differing = Object.keys(built).filter((name) => built[name] !== committed[name]);
    expect(differing).toEqual([]);
  });

  it('names no path of the build machine, and has every licence', async () => {
    const files = await contents('dist');
    for (const content of Object.values(files)) expect(content).not.toContain(process.cwd());
    for (const name of ['commander', 'execa', 'zod', 'yaml', 'modern-tar'])
      expect(files['licenses.txt']).toContain(`${name} `);
  });

  it('says which Node it needs on an old one instead of crashing', async () => {
    const entry = await readFile(CLI, 'utf8');
    expect(entry).not.toMatch(/^import (?!.*node:)/m);
    const old = entry
      .replaceAll('process.versions.node', "'20.1.0'")
      .replaceAll('process.version', "'v20.1.0'");
    const { exitCode, stderr } = await runProgram(process.execPath, ['--input-type=module', '-'], {
      input: old,
    });
    expect([exitCode, stderr.split('\n')[0]]).toEqual([
      2,
      `error: oci-save needs Node 24 or newer; this is v20.1.0, ${process.execPath}`,
    ]);
  });

  it('says on the machine’s own old Node, if there is one, how to continue in any folder', async () => {
    await using elsewhere = await tempFolder('elsewhere');
    const programs = await Promise.all((process.env['PATH'] ?? '').split(path.delimiter).map(nodeIn));
    // A machine without an old one has the check of the text above.
    for (const node of programs.filter((program) => program !== undefined)) {
      const { exitCode, stderr } = await runProgram(node, [CLI, '--help'], { cwd: elsewhere.path });
      expect([exitCode, stderr]).toEqual([
        2,
        expect.stringMatching(/needs Node 24 or newer; this is v\d+[^]*\n {2}hint: Install Node 24/),
      ]);
      const [, folder = ''] = /--package=node@24 --package=("[^"]+") oci-save/.exec(stderr) ?? [];
      const { bin } = JSON.parse(await readFile(path.join(JSON.parse(folder), 'package.json'), 'utf8'));
      expect(bin).toEqual({ 'oci-save': 'dist/cli.js' });
    }
    expect((await readFile('README.md', 'utf8')).replaceAll(/\s+/g, ' ')).toContain(
      'npx --yes --package=node@24 --package=',
    );
  });

  it('prints its version, and lists its commands', async () => {
    const { version } = JSON.parse(await readFile('package.json', 'utf8'));
    expect(await outputOf(process.execPath, [CLI, '--version'])).toBe(`${version}\n`);
    const help = await outputOf(process.execPath, [CLI, '--help']);
    for (const command of ['save', 'lock', 'list', 'serve']) expect(help).toContain(`  ${command}`);
  });
});

describe('the machine that runs the tests', () => {
  it('runs Node 24, so that no fallback for older ones is tested by mistake', () => {
    expect(process.version).toMatch(/^v24\./);
  });
});

describe('the documents', () => {
  it('are what the schemas in the code generate', async () => {
    const { exitCode, stderr } = await runProgram(process.execPath, ['scripts/docs.ts', '--check'], {
      cwd: process.cwd(),
    });
    expect([exitCode, stderr]).toEqual([0, '']);
  });
});
