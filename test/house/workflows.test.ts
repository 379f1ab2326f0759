import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { type ProgramResult, runProgram } from '../support/program.ts';
import { tempFolder, type TempFolder } from '../support/temp.ts';
import { toolPath } from '../support/tools.ts';

const WORKFLOWS = '.github/workflows';
const names = (await readdir(WORKFLOWS)).toSorted();
const texts = new Map<string, string>();
for (const name of names) texts.set(name, await readFile(path.join(WORKFLOWS, name), 'utf8'));

/** A linter's result; no network is asked, so that it says the same everywhere. */
const lint = (name: string, args: readonly string[], cwd = process.cwd()): Promise<ProgramResult> =>
  runProgram(toolPath(name), args, { cwd, env: { NO_COLOR: '1' } });

const actionlint = (cwd?: string): Promise<ProgramResult> =>
  lint('actionlint', ['-no-color', ...names.map((name) => path.join(WORKFLOWS, name))], cwd);
const zizmor = (cwd?: string): Promise<ProgramResult> =>
  lint('zizmor', ['--offline', '--persona', 'pedantic', '--color', 'never', '.'], cwd);
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

/** Each linter is a program of its own, and slow to start. */
const timeout = 60_000;

describe('the workflows and action.yml', { timeout }, () => {
  it('have no fault that actionlint knows', async () => {
    expect(await actionlint()).toEqual({ exitCode: 0, stdout: '', stderr: '' });
  });

  it('have no fault that zizmor knows, in its pedantic mood', async () => {
    const { exitCode, stdout } = await zizmor();
    expect([exitCode, stdout.trim()]).toEqual([0, 'No findings to report. Good job!']);
  });

  it('fit the schemas of GitHub', async () => {
    const workflows = names.map((name) => path.join(WORKFLOWS, name));
    expect(await schema('github-workflows', workflows)).toMatchObject({ exitCode: 0 });
    expect(await schema('github-actions', ['action.yml'])).toMatchObject({ exitCode: 0 });
    expect(await schema('dependabot', ['.github/dependabot.yml'])).toMatchObject({ exitCode: 0 });
  });

  it('are fit for the Marketplace: one line of less than 125 characters, an icon and a colour', async () => {
    const { name, description, branding } = z
      .looseObject({
        name: z.string().max(80),
        description: z.string().max(124),
        branding: z.strictObject({ icon: z.enum(['archive', 'package']), color: z.enum(['blue', 'green']) }),
      })
      .parse(parse(await readFile('action.yml', 'utf8')));
    expect(name + description).not.toMatch(/[\n<]|github/i);
    expect(branding).toBeDefined();
  });

  it('have an example beside them that is as sound', async () => {
    const example = 'examples/release.yml';
    expect(await lint('actionlint', ['-no-color', example])).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    expect(await schema('github-workflows', [example])).toMatchObject({ exitCode: 0 });
  });

  it('are the ones that the project has', () => {
    expect(names).toEqual(['audit.yml', 'ci.yml', 'e2e.yml', 'release.yml']);
  });

  it('pin an action to one commit wherever it is used, and the linters to those of the tests', async () => {
    const uses = [...texts.values()].flatMap((text) =>
      [...text.matchAll(/uses: ([\w-]+\/[\w-]+)(@.*)$/gm)].map(([, action = '', pin = '']) => ({
        action,
        pin,
      })),
    );
    for (const group of Map.groupBy(uses, ({ action }) => action).values()) {
      const [first, ...others] = new Set(group.map(({ action, pin }) => action + pin));
      expect(first).toMatch(/^actions\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
      expect(others).toEqual([]);
    }
    const tools = await readFile('scripts/test-tools.ts', 'utf8');
    const pinned = [...texts.values()].flatMap(
      (text) => text.match(/zizmor==[\d.]+|[\w./-]+\/actionlint@v[\d.]+/g) ?? [],
    );
    expect(pinned.length).toBeGreaterThan(2);
    for (const pin of pinned) expect(tools).toContain(pin);
  });
});

describe('the linters', { timeout }, () => {
  it('see an input that the action has not', async () => {
    await using input = await faulty('.github/workflows/e2e.yml', 'cache-dir:', 'cache-directory:');
    const { exitCode, stdout } = await actionlint(input.path);
    expect([exitCode, stdout]).toEqual([1, expect.stringContaining('cache-directory')]);
  });

  it('see an expression in a script, and an action by its tag', async () => {
    await using script = await faulty(
      '.github/workflows/release.yml',
      'test "$GITHUB_REF_NAME"',
      'test "${{ github.ref_name }}"',
    );
    expect((await zizmor(script.path)).stdout).toContain('template-injection');
    const [pin = ''] = /@[0-9a-f]{40} # v7\.0\.1/.exec(texts.get('audit.yml') ?? '') ?? [];
    await using tag = await faulty('.github/workflows/audit.yml', pin, '@v7');
    expect((await zizmor(tag.path)).stdout).toContain('unpinned-uses');
  });

  it('see a runtime that no runner has', async () => {
    await using runtime = await faulty('action.yml', 'node24', 'node99');
    expect(await schema('github-actions', ['action.yml'], runtime.path)).toMatchObject({ exitCode: 1 });
  });
});
