import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { type ProgramResult, runProgram } from '../support/program.ts';
import { tempFolder, type TempFolder } from '../support/temp.ts';
import { toolPath } from '../support/tools.ts';

const WORKFLOWS = '.github/workflows';
const workflows = (await readdir(WORKFLOWS)).map((name) => path.join(WORKFLOWS, name));

/** A linter's result; no network is asked, so that it says the same everywhere. */
const lint = (name: string, args: readonly string[], cwd = process.cwd()): Promise<ProgramResult> =>
  runProgram(toolPath(name), args, { cwd, env: { NO_COLOR: '1' } });

const actionlint = (cwd?: string): Promise<ProgramResult> =>
  lint('actionlint', ['-no-color', ...workflows], cwd);
const zizmor = (cwd?: string, what = '.'): Promise<ProgramResult> =>
  lint('zizmor', ['--offline', '--persona', 'pedantic', '--color', 'never', what], cwd);
const schema = (name: string, files: readonly string[], cwd?: string): Promise<ProgramResult> =>
  lint('check-jsonschema', ['--builtin-schema', `vendor.${name}`, ...files], cwd);

/** What the linters look at, with one fault in it. */
async function faulty(file: string, right: string, wrong: string): Promise<TempFolder> {
  const temp = await tempFolder('lint');
  for (const name of ['.github', 'action.yml'])
    await cp(name, path.join(temp.path, name), { recursive: true });
  // By this folder actionlint knows where the project begins.
  await mkdir(path.join(temp.path, '.git'));
  const place = path.join(temp.path, file);
  const text = await readFile(place, 'utf8');
  expect(text).toContain(right);
  await writeFile(place, text.replace(right, wrong));
  return temp;
}

describe('the workflows and action.yml', () => {
  it('have no fault that actionlint knows', async () => {
    expect(await actionlint()).toEqual({ exitCode: 0, stdout: '', stderr: '' });
  });

  it('have no fault that zizmor knows with its pedantic rules', async () => {
    const { exitCode, stdout } = await zizmor();
    expect([exitCode, stdout.trim()]).toEqual([0, 'No findings to report. Good job!']);
  });

  it('fit the schemas of GitHub', async () => {
    expect(await schema('github-workflows', workflows)).toMatchObject({ exitCode: 0 });
    expect(await schema('github-actions', ['action.yml'])).toMatchObject({ exitCode: 0 });
    expect(await schema('dependabot', ['.github/dependabot.yml'])).toMatchObject({ exitCode: 0 });
  });

  it.each(['local-build', 'matrix', 'push', 'release'])(
    'have an example beside them, examples/%s.yml, without a fault',
    async (name) => {
      const example = `examples/${name}.yml`;
      const clean = { exitCode: 0, stdout: '', stderr: '' };
      expect(await lint('actionlint', ['-no-color', example])).toEqual(clean);
      expect(await schema('github-workflows', [example])).toMatchObject({ exitCode: 0 });
      // Our own action is named by its tag, as users name it.
      const { stdout } = await zizmor(undefined, example);
      expect(stdout.match(/^(?:error|warning|help|info)\[.*/gm)).toEqual([
        'error[unpinned-uses]: unpinned action reference',
      ]);
      expect(stdout).toContain('- uses: org/oci-save-action@v1');
    },
  );
});

describe('the linters of the workflows', () => {
  it('find an input that the action does not have', async () => {
    await using input = await faulty('.github/workflows/e2e.yml', 'cache-dir:', 'cache-directory:');
    const { exitCode, stdout } = await actionlint(input.path);
    expect([exitCode, stdout]).toEqual([1, expect.stringContaining('cache-directory')]);
  });

  it('find an expression in a script, and an action that is named by its tag', async () => {
    await using script = await faulty(
      '.github/workflows/release.yml',
      'test "$GITHUB_REF_NAME"',
      'test "${{ github.ref_name }}"',
    );
    expect((await zizmor(script.path)).stdout).toContain('template-injection');
    const audit = '.github/workflows/audit.yml';
    const [pin = ''] = /@[0-9a-f]{40} # v7\.0\.1/.exec(await readFile(audit, 'utf8')) ?? [];
    await using tag = await faulty(audit, pin, '@v7');
    expect((await zizmor(tag.path)).stdout).toContain('unpinned-uses');
  });

  it('find a runtime that no runner has', async () => {
    await using runtime = await faulty('action.yml', 'node24', 'node99');
    expect(await schema('github-actions', ['action.yml'], runtime.path)).toMatchObject({ exitCode: 1 });
  });
});
