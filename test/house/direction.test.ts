import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runProgram } from '../support/program.ts';
import { tempFolder, type TempFolder } from '../support/temp.ts';

const root = process.cwd();
let temp: TempFolder;
beforeAll(async () => {
  temp = await tempFolder('house');
  await writeFile(path.join(temp.path, 'tsconfig.json'), '{}');
});
afterAll(() => temp.close());

/** The rules that a small tree breaks. */
async function broken(files: Record<string, string>): Promise<string> {
  const folder = path.join(temp.path, String(Math.random()).slice(2));
  for (const [name, content] of Object.entries({ 'tsconfig.json': '{}', ...files })) {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
    await writeFile(path.join(folder, name), content);
  }
  const { stdout } = await runProgram(
    process.execPath,
    [
      path.join(root, 'node_modules/.bin/depcruise'),
      '--config',
      path.join(root, '.dependency-cruiser.mjs'),
      'src',
    ],
    { cwd: folder },
  );
  return stdout;
}

describe('the direction of imports', () => {
  it.each([
    ['pure-no-io', { 'src/oci/a.ts': "import 'node:fs';" }],
    ['pure-no-io', { 'src/oci/a.ts': "import './b.ts';", 'src/oci/b.ts': "import 'node:https';" }],
    ['pure-no-io', { 'src/copy/plan.ts': "import './b.ts';", 'src/copy/b.ts': "import 'node:fs/promises';" }],
    ['stage-inside', { 'src/copy/a.ts': "import '../store/b.ts';", 'src/store/b.ts': 'export const b = 1;' }],
    [
      'ground-floor',
      { 'src/store/a.ts': "import '../copy/index.ts';", 'src/copy/index.ts': 'export const b = 1;' },
    ],
    [
      'vocabulary-at-the-bottom',
      { 'src/oci/a.ts': "import '../lock/index.ts';", 'src/lock/index.ts': 'export {};' },
    ],
    [
      'server-shares-nothing',
      { 'src/serve/a.ts': "import '../bundle/index.ts';", 'src/bundle/index.ts': 'export {};' },
    ],
    ['only-process-spawns', { 'src/copy/a.ts': "import 'node:child_process';" }],
    [
      'stages-know-no-entry',
      { 'src/copy/a.ts': "import '../cli/index.ts';", 'src/cli/index.ts': 'export {};' },
    ],
    ['no-circular', { 'src/copy/a.ts': "import './b.ts';", 'src/copy/b.ts': "import './a.ts';" }],
  ])('finds a violation of %s', async (rule, files) => {
    expect(await broken(files)).toContain(`error ${rule}`);
  });

  it('finds none in our own source, and sees all of it', async () => {
    const { stdout, exitCode } = await runProgram(
      process.execPath,
      ['node_modules/.bin/depcruise', '--config', '.dependency-cruiser.mjs', 'src'],
      { cwd: root },
    );
    expect(stdout).toMatch(/no dependency violations found \(([2-9]\d\d|\d{4,}) modules/);
    expect(exitCode).toBe(0);
  });
});
