import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { joinSegments, type MeasuredArchive, prepareArchive } from '../../src/archive/index.ts';
import { fileSegment } from '../../src/archive/byte-source.ts';
import { publishResults } from '../../src/bundle/index.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { seededBytes } from '../support/fixtures/random.ts';
import { type ProgramResult, runProgram } from '../support/program.ts';
import { writePrograms } from '../support/programs.ts';
import { tempFolder, type TempFolder } from '../support/temp.ts';
import { findTool, toolPath } from '../support/tools.ts';

let temp: TempFolder;
let records: TempFolder;
beforeEach(async () => {
  temp = await tempFolder('parts');
  records = await tempFolder('records');
});
afterEach(async () => {
  await records.close();
  await temp.close();
});

const content = (seed: string, size = 250_000): Buffer => Buffer.from(seededBytes(seed, size));

async function write(bytes: Uint8Array, partSize: number, base = 'site'): Promise<MeasuredArchive> {
  const place = { folder: temp.path, name: { base, suffix: 'tar' } };
  const { measured, files, stale } = await prepareArchive(joinSegments([{ bytes }]), place, { partSize });
  await publishResults(path.join(records.path, base), file(base), { files, stale, folder: false });
  return measured;
}

const file = (name: string): string => path.join(temp.path, name);
const names = async (): Promise<string[]> => (await readdir(temp.path)).toSorted();
const shaOf = async (name: string): Promise<string> =>
  createHash('sha256')
    .update(await readFile(file(name)))
    .digest('hex');

const PARTS = ['site.tar.001', 'site.tar.002', 'site.tar.003'];

describe('an archive in parts', () => {
  it('has its list, its sums and its script beside it; sha256sum checks it, and cat joins it', async () => {
    const bytes = content('a');
    await write(bytes, 100_000);
    expect(await names()).toEqual([
      'site.join.ps1',
      'site.join.sh',
      'site.parts.json',
      'site.sha256',
      ...PARTS,
    ]);
    const line = 'sha256sum -c --quiet site.sha256 && cat site.tar.0* > site.tar';
    expect(await runProgram('sh', ['-c', line], { cwd: temp.path })).toMatchObject({ exitCode: 0 });
    expect((await readFile(file('site.tar'))).equals(bytes)).toBe(true);
  });

  it('is the same bytes every time', async () => {
    const all = async (): Promise<string[]> => Promise.all((await names()).map(shaOf));
    await write(content('a'), 100_000);
    const first = await all();
    await write(content('a'), 100_000);
    expect(await all()).toEqual(first);
  });

  it('has a list that matches the shipped schema', async () => {
    await write(content('a'), 100_000);
    const list = JSON.parse(await readFile(file('site.parts.json'), 'utf8'));
    const schema = JSON.parse(await readFile('docs/parts.schema.json', 'utf8'));
    const validate = new Ajv2020().compile(schema);
    expect([validate(list), validate.errors]).toEqual([true, null]);
    expect(list.archive).toEqual({ name: 'site.tar', size: 250_000, digest: digestOf(content('a')) });
    expect(list.parts.map(({ size }: { size: number }) => size)).toEqual([100_000, 100_000, 50_000]);
    expect(validate({ ...list, parts: [] })).toBe(false);
  });

  it('is one file where it is not larger than a part', async () => {
    await write(content('a'), 250_000);
    expect(await names()).toEqual(['site.sha256', 'site.tar']);
    expect(await readFile(file('site.sha256'), 'utf8')).toBe(`${await shaOf('site.tar')}  site.tar\n`);
  });
});

describe('an archive over an earlier one', () => {
  it('with fewer parts removes the parts that are too many', async () => {
    await write(content('a'), 60_000);
    await write(content('b'), 100_000);
    expect(await names()).toEqual([
      'site.join.ps1',
      'site.join.sh',
      'site.parts.json',
      'site.sha256',
      ...PARTS,
    ]);
  });

  it('in one file removes the parts, and the other way round', async () => {
    await write(content('a'), 100_000);
    await write(content('a'), 0);
    expect(await names()).toEqual(['site.sha256', 'site.tar']);
    await write(content('a'), 100_000);
    expect(await names()).toEqual([
      'site.join.ps1',
      'site.join.sh',
      'site.parts.json',
      'site.sha256',
      ...PARTS,
    ]);
  });

  it('leaves every file that is not ours', async () => {
    const others = ['site.tar.009', 'site.tar.old', 'site2.tar.001', 'notes.txt'];
    for (const name of others) await writeFile(file(name), 'mine');
    const list = { version: 1, archive: { name: 'x', size: 1, digest: digestOf(content('a')) } };
    const foreign = ['../outside', 'notes.txt', 'site2.tar.001'].map((name) => ({ ...list.archive, name }));
    await writeFile(file('site.parts.json'), JSON.stringify({ ...list, parts: foreign }));
    await writeFile(file('site.sha256'), `${'0'.repeat(64)}  notes.txt\n`);
    await mkdir(file('sub'));
    await write(content('b'), 100_000);
    expect(await names()).toEqual(expect.arrayContaining([...others, 'sub']));
  });

  it('ignores a folder that its sums name as a part', async () => {
    await write(content('a'), 100_000);
    await mkdir(file('site.tar.998'));
    await writeFile(file('site.sha256'), `${'0'.repeat(64)}  site.tar.998\n`, { flag: 'a' });
    await write(content('b'), 100_000);
    expect(await names()).toContain('site.tar.998');
    expect((await readFile(file('site.tar.001'))).equals(content('b').subarray(0, 100_000))).toBe(true);
  });

  it.each(['site.tar.004', 'site.join.sh', 'site.join.ps1'])(
    'leaves the earlier one whole where a folder is at %s',
    async (name) => {
      await write(content('a'), 100_000);
      await rm(file(name), { force: true });
      await mkdir(file(name));
      const before = await names();
      const writing = write(content('b', 350_000), 100_000);
      await expect(writing).rejects.toThrow(
        `the archive could not be written: there is a folder at ${file(name)}`,
      );
      expect(await names()).toEqual(before);
      expect((await readFile(file('site.tar.001'))).equals(content('a').subarray(0, 100_000))).toBe(true);
    },
  );

  it('removes the unfinished files of a killed run, and none of a run that lives', async () => {
    const dead = 2 ** 22 + 1;
    const [left, living] = [`site.tar.009.${dead}.part`, `site.tar.009.${process.pid}.part`];
    for (const name of [left, living, `other.tar.001.${dead}.part`]) await writeFile(file(name), 'x');
    await write(content('a'), 0);
    expect(await names()).toEqual(
      [`other.tar.001.${dead}.part`, 'site.sha256', 'site.tar', living].toSorted(),
    );
  });

  it('that fails leaves the earlier one unchanged', async () => {
    await write(content('a'), 100_000);
    const before = await Promise.all((await names()).map(shaOf));
    const damaged = path.join(temp.path, 'sub');
    await writeFile(damaged, content('b', 120_000));
    const source = joinSegments([
      { bytes: content('c', 50_000) },
      fileSegment(damaged, 120_000, digestOf(content('d'))),
    ]);
    const place = { folder: temp.path, name: { base: 'site', suffix: 'tar' } };
    await expect(prepareArchive(source, place, { partSize: 100_000 })).rejects.toThrow(
      /is damaged: it does not hash/,
    );
    await rm(damaged);
    expect(await Promise.all((await names()).map(shaOf))).toEqual(before);
  });
});

/** What comes after a join. */
const UNPACKING = '  mkdir images && tar -xf site.tar -C images\n';

const SHELLS: [name: string, command: () => string[]][] = [
  ['dash', () => [toolPath('dash')]],
  ['busybox', () => [toolPath('busybox'), 'sh']],
];

describe.each(SHELLS)('the join script, in %s', (_, shell) => {
  /** Runs it with a PATH that has what the shell's own system has, and no more. */
  async function join(args: readonly string[] = [], tools?: readonly string[]): Promise<ProgramResult> {
    const [program = '', ...first] = shell();
    const env = tools === undefined ? {} : { PATH: await binOf(tools) };
    return runProgram(program, [...first, './site.join.sh', ...args], { cwd: temp.path, env });
  }

  async function binOf(tools: readonly string[]): Promise<string> {
    const scripts = Object.fromEntries(tools.map((tool) => [tool, `exec ${toolPath(tool)} "$@"`]));
    return writePrograms(file('bin'), scripts);
  }

  it('checks the parts, joins them, and checks the whole', async () => {
    await write(content('a'), 100_000);
    expect(await join()).toMatchObject({
      exitCode: 0,
      stderr: expect.stringMatching(
        new RegExp(`${await shaOf('site.tar')}\\n[^]*tar -xf \\S+/site.tar -C images`),
      ),
    });
    expect((await readFile(file('site.tar'))).equals(content('a'))).toBe(true);
    expect(await join()).toMatchObject({
      exitCode: 0,
      stderr: expect.stringContaining('is there already, and is the whole archive'),
    });
  });

  it('takes the place of no other file, and goes into a folder that is named', async () => {
    await write(content('a'), 100_000);
    await writeFile(file('out'), content('x'));
    await symlink('nowhere', file('dangling'));
    await mkdir(file('folder'));
    await writeFile(file('other.unfinished'), 'somebody writes this');
    for (const name of ['out', 'dangling', 'site.tar.002', '/dev/null']) {
      const { exitCode, stderr } = await join([name]);
      expect([name, exitCode, stderr]).toEqual([
        name,
        1,
        expect.stringContaining('is there already, and is not this archive'),
      ]);
    }
    expect((await readFile(file('out'))).equals(content('x'))).toBe(true);
    const { exitCode, stderr } = await join(['other']);
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('other.unfinished is there already')]);
    expect(await readFile(file('other.unfinished'), 'utf8')).toBe('somebody writes this');
    expect(await join(['folder'])).toMatchObject({ exitCode: 0 });
    expect((await readFile(file('folder/site.tar'))).equals(content('a'))).toBe(true);
    for (const wrong of [['-x'], [''], ['a', 'b']])
      expect([wrong, (await join(wrong)).exitCode]).toEqual([wrong, 2]);
    const help = await join(['--help']);
    expect(help).toMatchObject({ exitCode: 0, stderr: '', stdout: expect.stringContaining(UNPACKING) });
    expect(await names()).not.toContain('site.tar');
  });

  it('finds its folder whatever CDPATH says, and names a part that cannot be read', async () => {
    await write(content('a'), 100_000);
    await mkdir(file('other/sub'), { recursive: true });
    await mkdir(file('sub'));
    for (const name of ['site.join.sh', ...PARTS]) await rename(file(name), file(`sub/${name}`));
    const [program = '', ...first] = shell();
    const run = (): Promise<ProgramResult> =>
      runProgram(program, [...first, 'sub/site.join.sh', 'out'], {
        cwd: temp.path,
        env: { CDPATH: file('other') },
      });
    expect(await run()).toMatchObject({ exitCode: 0 });
    await rm(file('out'));
    // Reading it fails with EIO at once, as on a worn medium (proc(5)).
    await rm(file('sub/site.tar.002'));
    await symlink('/proc/self/mem', file('sub/site.tar.002'));
    const { exitCode, stderr } = await run();
    expect([exitCode, stderr]).toEqual([
      1,
      expect.stringContaining('site.tar.002 cannot be read: copy it again\n'),
    ]);
    // Nothing that a shell says of itself stands between.
    expect(stderr.split('\n')[1]).toBe('1 of 3 parts cannot be used; nothing was joined');
  });

  it.each(['sha256sum', 'shasum', 'openssl'])('can check with %s', async (tool) => {
    await write(content('a'), 100_000);
    const basics = ['cat', 'cut', 'sed', 'wc', 'mv', 'rm', ...(tool === 'shasum' ? ['perl'] : [])];
    expect(await join([], [...basics, tool])).toMatchObject({ exitCode: 0 });
    await rm(file('site.tar'));
    await writeFile(file('site.tar.002'), content('x', 100_000));
    expect(await join([], [...basics, tool])).toMatchObject({ exitCode: 1 });
  });

  it('names the parts that are missing, damaged, cut or another archive’s, all in one run, and joins nothing', async () => {
    await write(content('a', 450_000), 100_000);
    await rm(file('site.tar.001'));
    await writeFile(
      file('site.tar.002'),
      Buffer.concat([content('x', 1), content('a', 450_000).subarray(100_001, 200_000)]),
    );
    await writeFile(file('site.tar.004'), content('a', 450_000).subarray(300_000, 390_000));
    const failed = await join();
    expect(failed.exitCode).toBe(1);
    expect(failed.stderr).toContain('site.tar.001 is missing: copy it here\n');
    expect(failed.stderr).toContain('site.tar.002 is damaged, or of another archive: copy it again\n');
    expect(failed.stderr).toContain('site.tar.004 has 90000 bytes instead of 100000');
    expect(failed.stderr).toContain('3 of 5 parts cannot be used; nothing was joined');
    expect(await names()).not.toContain('site.tar');
  });

  it('names the part of another archive among ours', async () => {
    await write(content('b'), 100_000);
    const other = await readFile(file('site.tar.002'));
    await write(content('a'), 100_000);
    await writeFile(file('site.tar.002'), other);
    expect((await join()).stderr).toMatch(/^site\.tar\.002 is damaged, or .*\n1 of 3 parts/);
  });

  it('says that a part beyond the last one is left out', async () => {
    await write(content('a'), 100_000);
    await writeFile(file('site.tar.004'), 'x');
    const { exitCode, stderr } = await join();
    expect([exitCode, stderr]).toEqual([
      0,
      expect.stringContaining('./site.tar.004 is no part of this archive'),
    ]);
    expect((await readFile(file('site.tar'))).equals(content('a'))).toBe(true);
  });

  it('writes elsewhere, and to standard output', async () => {
    await write(content('a'), 100_000);
    await mkdir(file('else where'));
    const [program = '', ...first] = shell();
    const run = (...args: string[]): Promise<ProgramResult> =>
      runProgram(program, [...first, '../site.join.sh', ...args], { cwd: file('else where') });
    expect(await run('out.tar')).toMatchObject({ exitCode: 0 });
    expect((await readFile(file('else where/out.tar'))).equals(content('a'))).toBe(true);
    const line = `${shell().join(' ')} ./site.join.sh - | sha256sum`;
    const { stdout } = await runProgram('sh', ['-c', line], { cwd: temp.path });
    expect(stdout).toContain(createHash('sha256').update(content('a')).digest('hex'));
    expect(await names()).not.toContain('site.tar');
  });

  it('leaves no partial file where the disk is full', async () => {
    await write(content('a'), 100_000);
    expect(await join(['/dev/full/x'])).toMatchObject({
      exitCode: 1,
      stderr: '/dev/full is no folder. Nothing was joined\n',
    });
    const tools = ['cut', 'sed', 'wc', 'mv', 'rm', 'sha256sum'];
    await writePrograms(file('bin'), { cat: 'echo "cat: write error" >&2; exit 1' });
    const { exitCode, stderr } = await join([], tools);
    expect([exitCode, stderr]).toEqual([
      1,
      expect.stringMatching(
        /^\S+\/site\.tar could not be written: 250000 bytes are needed .*\nWhere .*\n  mkdir images && sh \S+\.join\.sh - \| tar -xf - -C images && cat images\/README.txt\n$/,
      ),
    ]);
    expect(await names()).not.toContain('site.tar');
  });

  it('runs no command that a name contains', async () => {
    const base = 'a\n touch pwned #$(touch pwned)`touch pwned`';
    await write(content('a'), 100_000, base);
    const [program = '', ...first] = shell();
    expect(await runProgram(program, [...first, `${base}.join.sh`], { cwd: temp.path })).toMatchObject({
      exitCode: 0,
    });
    expect(await names()).not.toContain('pwned');
    expect((await readFile(file(`${base}.tar`))).equals(content('a'))).toBe(true);
  });

  it('accepts names with blanks and quotes', async () => {
    await write(content('a'), 100_000, "it's a site");
    const [program = '', ...first] = shell();
    const { exitCode, stderr } = await runProgram(program, [...first, "it's a site.join.sh"], {
      cwd: temp.path,
    });
    // What is told to be typed next can be.
    expect([exitCode, stderr]).toEqual([0, expect.stringContaining("/it'\\''s a site.tar' -C images")]);
    expect((await readFile(file("it's a site.tar"))).equals(content('a'))).toBe(true);
  });
});

/** What PowerShell makes of an expression of the script: texts in quotes and characters by number, joined by +. */
function evaluated(expression: string): string {
  return [...expression.matchAll(/'((?:[^']|'')*)'|\[char\]0x([0-9a-f]{4})/g)]
    .map(
      ([, quoted, hex = '']) =>
        quoted?.replaceAll("''", "'") ?? String.fromCodePoint(Number.parseInt(hex, 16)),
    )
    .join('');
}

describe('the join script for PowerShell', () => {
  const base = "it's ‘1’ ‚2‛ $(x) `n é\n😀";

  it('has the parts in their order, with sizes and sums, in ASCII alone', async () => {
    const { pieces } = await write(content('a'), 100_000, base);
    const script = await readFile(file(`${base}.join.ps1`), 'latin1');
    expect(script).toMatch(/^[\n -~]+$/);
    const rows = [...script.matchAll(/^ {2}@\{ Name = (.+); Size = (\d+); Sha256 = '([0-9a-f]{64})' \}$/gm)];
    expect(
      rows.map(([, name = '', size, sum]) => ({ name: evaluated(name), size, digest: `sha256:${sum}` })),
    ).toEqual(pieces.map(({ name, size, digest }) => ({ name, size: String(size), digest })));
    const [, archive = ''] = /^\$archive = (.+)$/m.exec(script) ?? [];
    expect(evaluated(archive)).toBe(`${base}.tar`);
    expect(script).toContain(
      `\n$archiveSha256 = '${createHash('sha256').update(content('a')).digest('hex')}'\n`,
    );
    // Outside the quotes of names nothing of them is left: each quote in a text is doubled.
    expect(archive).toMatch(/^\((?:(?:'(?:[^']|'')*'|\[char\]0x[0-9a-f]{4})(?: \+ |\)$))+$/);
  });

  // No package that these tests can install has a PowerShell: it runs where there is one (`PWSH_BIN`, PATH).
  const found = [findTool('pwsh')].filter((program) => program !== undefined);
  it.each(found)(
    'run by %s checks the parts, joins them, and takes the place of no other file',
    async (pwsh) => {
      const run = (...args: string[]): Promise<ProgramResult> =>
        runProgram(pwsh, ['-NoProfile', '-File', file(`${base}.join.ps1`), ...args], { cwd: temp.path });
      await write(content('a'), 100_000, base);
      expect(await run()).toMatchObject({ exitCode: 0 });
      expect((await readFile(file(`${base}.tar`))).equals(content('a'))).toBe(true);
      expect(await run()).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('there already') });
      await writeFile(file('out'), 'mine');
      expect(await run('out')).toMatchObject({ exitCode: 1 });
      await writeFile(file(`${base}.tar.002`), content('x', 100_000));
      await rm(file(`${base}.tar.003`));
      const { exitCode, stderr } = await run('fresh');
      expect([exitCode, stderr]).toEqual([1, expect.stringContaining('2 of 3 parts cannot be used')]);
      expect(await readFile(file('out'), 'utf8')).toBe('mine');
      expect(await names()).not.toContain('fresh');
    },
  );
});
