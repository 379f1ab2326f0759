import { open, readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CommandOptions, runCommand } from '../../src/action/skopeo/run-command.ts';
import { OciSaveError } from '../../src/errors.ts';
import { runProgram } from '../support/program.ts';
import { writePrograms } from '../support/programs.ts';
import { tempFolder, type TempFolder } from '../support/temp.ts';

let temp: TempFolder;
beforeEach(async () => void (temp = await tempFolder('command')));
afterEach(() => temp.close());

/** Lines that the program printed, of both outputs. */
let lines: string[];

const DEFAULTS: CommandOptions = {
  env: { PATH: '/usr/bin:/bin' },
  signal: new AbortController().signal,
  limitMilliseconds: 60_000,
  onLine: (line) => lines.push(line),
};

interface Options extends Partial<CommandOptions> {
  /** The folder of the program. */
  readonly folder?: string;
}

/** Runs a package manager that is this script. */
async function command(
  script: string,
  { folder = 'bin', ...options }: Options = {},
): ReturnType<typeof runCommand> {
  const bin = await writePrograms(path.join(temp.path, folder), { 'apt-get': script });
  lines = [];
  return runCommand(path.join(bin, 'apt-get'), ['install', 'a b', '$HOME'], {
    ...DEFAULTS,
    ...options,
  });
}

/** Far longer than any test may take. */
const FOR_EVER = 'sleep 100';

/** Prints the number of a process that stays behind, deaf to SIGTERM, and stays itself. */
const DEAF = `trap '' TERM INT; ${FOR_EVER} & echo "left $!"; while :; do ${FOR_EVER}; done`;

/** Waits until a process is not at work. One that has ended may be there until another one asks for its exit code. */
async function ended(pid: number): Promise<void> {
  const state = async (): Promise<string> => {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
    return /^\d+ \(.*\) (\S)/.exec(stat)?.[1] ?? '';
  };
  while (!['', 'X', 'Z'].includes(await state()));
}

const STOPPED = new OciSaveError({ code: 'interrupted', message: 'stopped' });

/** The run is stopped as soon as the program prints something. */
function stoppedAtFirstLine(): Pick<CommandOptions, 'signal' | 'onLine'> {
  const stop = new AbortController();
  return {
    signal: stop.signal,
    onLine: (line) => {
      lines.push(line);
      stop.abort(STOPPED);
    },
  };
}

describe('B17: the program of a package manager, run by @actions/exec', () => {
  it('is told by its exit code and the lines of both outputs, with a last one that does not end', async () => {
    expect(await command('echo err >&2; printf "out\\nZo\\303"; printf "\\253"; exit 3')).toBe(3);
    expect(lines.toSorted()).toEqual(['Zoë', 'err', 'out']);
  });

  it('has no exit code where a signal ended it', async () => {
    expect(await command('kill -KILL $$')).toBe(undefined);
  });

  it('gets its arguments as they are, from a folder whose name has spaces and quotes', async () => {
    expect(await command('printf "%s\\n" "$@"', { folder: `of "mine" and $(id)'s` })).toBe(0);
    expect(lines).toEqual(['install', 'a b', '$HOME']);
  });

  it('gets the variables that are given, and no other of this process', async () => {
    process.env['B17_SECRET'] = 'a token';
    await command('env', { env: { PATH: '/usr/bin:/bin', GIVEN: 'yes' } });
    delete process.env['B17_SECRET'];
    expect(lines).toContain('GIVEN=yes');
    expect(lines.filter((line) => !/^(GIVEN|PATH|PWD|OLDPWD|SHLVL|_)=/.test(line))).toEqual([]);
  });

  it('finds its input at its end', async () => {
    expect(await command('cat; read -r line || echo "no input"')).toBe(0);
    expect(lines).toEqual(['no input']);
  });

  it('may close its input at once, a hundred times', async () => {
    for (let run = 0; run < 100; run += 1) expect(await command('exec 0<&-')).toBe(0);
  });

  it('that cannot be started is an exit code, though @actions/exec never returns where it is being written', async () => {
    const file = path.join(await writePrograms(temp.path, { busy: '' }), 'busy');
    const run = (program: string): ReturnType<typeof runCommand> => runCommand(program, [], DEFAULTS);
    const writing = await open(file, 'r+');
    expect(await run(file)).toBe(126);
    await writing.close();
    expect(await run(file)).toBe(0);
    expect(await run(`${file}-absent`)).toBe(127);
  });

  it('is not waited for longer than itself where it leaves another one behind', async () => {
    expect(await command(`(${FOR_EVER}) & echo done`)).toBe(0);
    expect(lines).toEqual(['done']);
  });

  it('is not started where the run has been stopped already', async () => {
    await expect(command('echo started', { signal: AbortSignal.abort(STOPPED) })).rejects.toBe(STOPPED);
    expect(lines).toEqual([]);
  });

  it('is ended at its deadline', async () => {
    await expect(command(`exec ${FOR_EVER}`, { limitMilliseconds: 50 })).rejects.toMatchObject({
      code: 'machine',
      message: `${temp.path}/bin/apt-get did not end within 0 s`,
    });
  });

  it('is ended by the signal with all that it started, though they ignore SIGTERM', async () => {
    await expect(command(DEAF, stoppedAtFirstLine())).rejects.toBe(STOPPED);
    await ended(Number(/^left (\d+)$/.exec(lines[0] ?? '')?.[1]));
  });

  it('is ended where there is no setsid, and what it left behind is not waited for', async () => {
    const PATH = await writePrograms(path.join(temp.path, 'few'), { sleep: 'exec /bin/sleep 10' });
    await expect(command(DEAF, { env: { PATH }, ...stoppedAtFirstLine() })).rejects.toBe(STOPPED);
    expect(lines).toHaveLength(1);
  });

  it('is ended where it prints for ever without a line end, though it ignores SIGTERM', async () => {
    await expect(command(`trap '' TERM; exec tr "\\0" x < /dev/zero`)).rejects.toMatchObject({
      code: 'machine',
      message: `${temp.path}/bin/apt-get did not end a line within 4 MiB`,
    });
    expect(lines).toEqual([]);
  });

  it('may print much more than that in lines', async () => {
    expect(await command('yes "a line" | head -n 1000000')).toBe(0);
    expect(lines).toHaveLength(1_000_000);
  });
});

describe('B17: @actions/exec', () => {
  it('ends this process by an EPIPE where a program has closed the input that is to be written, so none is', async () => {
    // The option is read when the program runs; here it is told when the program has closed its input.
    const bin = await writePrograms(temp.path, { 'apt-get': 'exec 0<&-; : > "$1"; exec sleep 5' });
    const script = `
      import { existsSync } from 'node:fs';
      import { exec } from '@actions/exec';
      const closed = ${JSON.stringify(path.join(temp.path, 'closed'))};
      const options = {
        silent: true,
        get input() {
          while (!existsSync(closed));
          return Buffer.alloc(0);
        },
      };
      await exec(${JSON.stringify(path.join(bin, 'apt-get'))}, [closed], options);`;
    const { exitCode, stderr } = await runProgram(process.execPath, [
      '--input-type=module',
      '--eval',
      script,
    ]);
    expect([exitCode, /write EPIPE/.exec(stderr)?.[0]]).toEqual([1, 'write EPIPE']);
    expect(await readFile(path.join(temp.path, 'closed'), 'utf8')).toBe('');
  });
});
