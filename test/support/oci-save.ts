import { spawn, type ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type Lock, lockSchema } from '../../src/lock/index.ts';
import { type RunReport, runReportSchema } from '../../src/report/index.ts';
import { closable, type Closable } from './closable.ts';
import { compiled } from './compiled.ts';
import { type ProgramOptions, type ProgramResult, runProgram } from './program.ts';
import { tempFolder } from './temp.ts';
import { toolsSearchPath } from './tools.ts';

/** The command as it is shipped. */
export const CLI = path.resolve('dist/cli.js');

export interface Workplace extends Closable {
  /** A folder of one's own, in which the command runs, with a home and a store below it. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  /** Runs `oci-save` there. */
  run(...args: readonly string[]): Promise<ProgramResult>;
  /** Runs it, with `input` on its standard input. */
  runWith(input: string | Uint8Array, ...args: readonly string[]): Promise<ProgramResult>;
  /** Runs it and expects it to succeed. */
  succeed(...args: readonly string[]): Promise<ProgramResult>;
  /** Starts it, to be killed in its midst. */
  start(...args: readonly string[]): ChildProcess;
  file(name: string): string;
  lock(name?: string): Promise<Lock>;
  report(name?: string): Promise<RunReport>;
}

/** Runs the built command to its end. */
export type RunsCommand = (
  args: readonly string[],
  options: Required<ProgramOptions>,
) => Promise<ProgramResult>;

/** As a user's shell does it. */
export const asProgram: RunsCommand = (args, options) =>
  runProgram(process.execPath, [CLI, ...args], options);

/**
 * A folder in which the built command runs as a user would run it, with a fresh home.
 * @param runs what runs it: a program of its own, or `inThisProcess`, where the process is not what is tested
 */
export async function workplace(
  env: Readonly<Record<string, string>> = {},
  runs: RunsCommand = asProgram,
): Promise<Workplace> {
  const temp = await tempFolder('work');
  const folder = temp.path;
  const own = {
    HOME: path.join(folder, 'home'),
    XDG_CACHE_HOME: path.join(folder, 'cache'),
    XDG_RUNTIME_DIR: path.join(folder, 'runtime'),
    ...env,
  };
  const runWith = (input: string | Uint8Array, ...args: readonly string[]): Promise<ProgramResult> =>
    runs(args, { cwd: folder, env: own, input });
  const run = (...args: readonly string[]): Promise<ProgramResult> => runWith('', ...args);
  const file = (name: string): string => path.join(folder, name);
  return closable<Omit<Workplace, keyof Closable>>(
    {
      folder,
      env: own,
      run,
      runWith,
      file,
      async succeed(...args: readonly string[]) {
        const result = await run(...args);
        if (result.exitCode !== 0)
          throw new Error(`oci-save ${args.join(' ')}: exit ${result.exitCode}\n${result.stderr}`);
        return result;
      },
      start: (...args: readonly string[]) =>
        spawn(process.execPath, [CLI, ...args], {
          cwd: folder,
          env: { ...compiled(), PATH: toolsSearchPath(), ...own },
          stdio: 'ignore',
        }),
      lock: async (name = 'oci-bundle/oci-save.lock.json') =>
        lockSchema.parse(JSON.parse(await readFile(file(name), 'utf8'))),
      report: async (name = 'oci-bundle.report.json') =>
        runReportSchema.parse(JSON.parse(await readFile(file(name), 'utf8'))),
    },
    () => temp.close(),
  );
}
