import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { shellScript } from '../../src/archive/join-script/shell.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { type ProgramResult, runProgram } from '../support/program.ts';
import { tempFolder } from '../support/temp.ts';
import { toolPath } from '../support/tools.ts';

const SCRIPTS = 'src/bundle/kit/scripts';
const names = (await readdir(SCRIPTS)).filter((name) => name.endsWith('.sh'));

/**
 * What ShellCheck has to say of a script for any POSIX shell, with what it reads of kit/lib. `-ef` is in each shell and
 * `test` that the kit runs in, though POSIX has it only since 2024 (SC3013); verify.sh reads a file that it wrote (SC1091).
 */
const check = (file: string): Promise<ProgramResult> =>
  runProgram(
    toolPath('shellcheck'),
    ['-s', 'sh', '-S', 'warning', '-x', '-P', SCRIPTS, '-e', 'SC3013,SC1091', '-f', 'gcc', file],
    {},
  );

const CLEAN = { exitCode: 0, stdout: '', stderr: '' };

describe('the shell scripts that users get', () => {
  it.for(names)('V7: kit/%s has no fault that ShellCheck knows', async (name) => {
    expect(await check(path.join(SCRIPTS, name))).toEqual(CLEAN);
  });

  it('neither has the script that joins the parts of an archive', async () => {
    await using temp = await tempFolder('shellcheck');
    const file = path.join(temp.path, 'images.join.sh');
    const digest = digestOf(new Uint8Array());
    const part = (number: number) => ({ name: `images.tar.00${number}`, size: 1, digest });
    await writeFile(
      file,
      shellScript({
        version: 1,
        archive: { name: 'images.tar', size: 2, digest },
        parts: [part(1), part(2)],
      }),
    );
    expect(await check(file)).toEqual(CLEAN);
  });

  it('ShellCheck finds a name that nobody gave a value, in what a script reads as well', async () => {
    await using temp = await tempFolder('shellcheck');
    const file = path.join(temp.path, 'mirrors.sh');
    const text = await readFile(path.join(SCRIPTS, 'mirrors.sh'), 'utf8');
    await writeFile(file, `${text}\nsay "$never_set"\n`);
    expect(await check(file)).toMatchObject({
      exitCode: 1,
      stdout: expect.stringContaining('never_set is referenced but not assigned'),
    });
  });
});
