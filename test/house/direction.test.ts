import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ProgramResult, runProgram } from '../support/program.ts';
import { tempFolder, type TempFolder } from '../support/temp.ts';

const root = process.cwd();

/** As the package is installed. */
const ACTIONS_EXEC = {
  'node_modules/@actions/exec/package.json':
    '{"name": "@actions/exec", "type": "module", "exports": "./index.js"}',
  'node_modules/@actions/exec/index.js': 'export {};',
};

/** What each rule forbids: the rule, the module that breaks it, and all modules that it takes. */
const VIOLATIONS: [rule: string, breaker: string, files: Record<string, string>][] = [
  ['pure-no-io', 'src/oci/reads.ts', { 'src/oci/reads.ts': "import 'node:fs';" }],
  [
    'pure-no-io',
    'src/oci/asks.ts',
    { 'src/oci/asks.ts': "import './other.ts';", 'src/oci/other.ts': "import 'node:https';" },
  ],
  [
    'pure-no-io',
    'src/copy/plan.ts',
    { 'src/copy/plan.ts': "import './files.ts';", 'src/copy/files.ts': "import 'node:fs/promises';" },
  ],
  [
    'stage-inside',
    'src/copy/inside.ts',
    { 'src/copy/inside.ts': "import '../store/b.ts';", 'src/store/b.ts': 'export const b = 1;' },
  ],
  [
    'ground-floor',
    'src/store/above.ts',
    { 'src/store/above.ts': "import '../copy/index.ts';", 'src/copy/index.ts': 'export const b = 1;' },
  ],
  [
    'vocabulary-at-the-bottom',
    'src/oci/above.ts',
    { 'src/oci/above.ts': "import '../lock/index.ts';", 'src/lock/index.ts': 'export {};' },
  ],
  [
    'server-shares-nothing-with-the-writer',
    'src/serve/writes.ts',
    { 'src/serve/writes.ts': "import '../bundle/index.ts';", 'src/bundle/index.ts': 'export {};' },
  ],
  ['only-process-spawns', 'src/copy/spawns.ts', { 'src/copy/spawns.ts': "import 'node:child_process';" }],
  [
    'only-run-command-spawns-by-actions',
    'src/action/spawns.ts',
    { 'src/action/spawns.ts': "import '@actions/exec';", ...ACTIONS_EXEC },
  ],
  [
    'only-action-knows-actions',
    'src/skopeo/installs.ts',
    { 'src/skopeo/installs.ts': "import '@actions/exec';", ...ACTIONS_EXEC },
  ],
  [
    'stages-know-no-entry',
    'src/copy/entry.ts',
    { 'src/copy/entry.ts': "import '../cli/index.ts';", 'src/cli/index.ts': 'export {};' },
  ],
  [
    'no-circular',
    'src/copy/one.ts',
    { 'src/copy/one.ts': "import './two.ts';", 'src/copy/two.ts': "import './one.ts';" },
  ],
];

/** Looks at the modules below a folder; a program, as `npm run lint` runs it. */
function cruise(folder: string): Promise<ProgramResult> {
  const program = path.join(root, 'node_modules/.bin/depcruise');
  const config = path.join(root, '.dependency-cruiser.mjs');
  return runProgram(process.execPath, [program, '--config', config, 'src'], { cwd: folder });
}

let temp: TempFolder;
let broken: string;
beforeAll(async () => {
  temp = await tempFolder('house');
  const files = Object.assign({ 'tsconfig.json': '{}' }, ...VIOLATIONS.map(([, , its]) => its));
  for (const [name, content] of Object.entries<string>(files)) {
    await mkdir(path.dirname(path.join(temp.path, name)), { recursive: true });
    await writeFile(path.join(temp.path, name), content);
  }
  broken = (await cruise(temp.path)).stdout;
});
afterAll(() => temp.close());

describe('the direction of imports', () => {
  it.each(VIOLATIONS)('finds a violation of %s in %s', (rule, breaker) => {
    expect(broken).toContain(`error ${rule}: ${breaker} `);
  });

  it('finds none in our own source, and sees all of it', async () => {
    const { stdout, exitCode } = await cruise(root);
    expect(stdout).toMatch(/no dependency violations found \(([2-9]\d\d|\d{4,}) modules/);
    expect(exitCode).toBe(0);
  });
});
