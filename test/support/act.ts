import path from 'node:path';
import { type Daemon, type ProgramResult, runProgram, startDaemon } from './program.ts';
import { toolPath, toolsSearchPath } from './tools.ts';

export interface ActOptions {
  /** The checkout whose workflows run; the working directory where it is left out. */
  readonly cwd?: string;
  /** Where act keeps what it needs, and each job its workspace. */
  readonly home: string;
  readonly vars?: Readonly<Record<string, string>>;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly args: readonly string[];
}

function actCall({ cwd, home, vars = {}, secrets = {}, env = {}, args }: ActOptions) {
  const named = (flag: string, values: Readonly<Record<string, string>>): string[] =>
    Object.entries(values).flatMap(([name, value]) => [flag, `${name}=${value}`]);
  const place = ['-P', 'ubuntu-latest=-self-hosted', '-P', 'ubuntu-24.04=-self-hosted'];
  const alone = ['--pull=false', '--action-offline-mode', '--artifact-server-addr', '127.0.0.1'];
  const given = [...named('--var', vars), ...named('--secret', secrets), ...named('--env', env)];
  return {
    args: [...args, ...place, ...alone, ...given],
    options: {
      ...(cwd === undefined ? {} : { cwd }),
      env: {
        HOME: home,
        XDG_CACHE_HOME: path.join(home, 'cache'),
        XDG_CONFIG_HOME: path.join(home, 'config'),
        // `using: node24` takes the first node on PATH, whatever its version.
        PATH: `${path.dirname(process.execPath)}${path.delimiter}${toolsSearchPath()}`,
      },
    },
  };
}

/** Runs workflows by act, on this machine and without any network but loopback. */
export function runAct(given: ActOptions): Promise<ProgramResult> {
  const { args, options } = actCall(given);
  return runProgram(toolPath('act'), args, options);
}

/** The same, to be watched, and stopped in its midst. */
export function startAct(given: ActOptions): Daemon {
  const { args, options } = actCall(given);
  return startDaemon(toolPath('act'), args, options);
}

/** What a job printed, of all that act did: `workflow/job`, or its beginning. */
export function logOf(job: string, log: string): string {
  return log
    .split('\n')
    .filter((line) => line.startsWith(`[${job}`))
    .join('\n');
}

/** `workflow/job` of each job with its end, sorted. */
export function endsOf(log: string): string[] {
  return [...log.matchAll(/^\[(.*?)\s*\] .*Job (succeeded|failed)$/gm)]
    .map(([, job, end]) => `${job}: ${end}`)
    .toSorted();
}
