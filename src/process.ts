import type { ChildProcess } from 'node:child_process';
import type { ReadStream } from 'node:fs';
import { execa } from 'execa';
import { OciSaveError, systemCodeOf } from './errors.ts';

export interface ProcessOptions {
  readonly cwd?: string;
  /** The whole environment of the child; nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly input?: string;
  /** An open file that becomes its standard input: nothing is read from it here. Not together with `input`. */
  readonly stdin?: ReadStream | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds after which the process is killed; without it, only `signal` kills it. */
  readonly limitMilliseconds?: number | undefined;
  /** Bytes of stdout and of stderr that are kept; the rest is dropped. */
  readonly maxOutput?: number;
}

export interface ProcessResult {
  /** The exit code; undefined where a signal ended the process. */
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a program with an argument list, never through a shell. No other file of this project spawns a process, except
 * for the action's package managers, which @actions/exec runs. A process that fails is a result, not an exception; its
 * command line is never quoted, since errors are printed.
 * @throws OciSaveError `machine` where the program cannot be started or did not end in time, the reason of `signal`
 *   where that ended it
 */
export async function run(
  file: string,
  args: readonly string[],
  options: ProcessOptions,
): Promise<ProcessResult> {
  const { cwd, env, input, stdin, signal, limitMilliseconds = 0, maxOutput = 1024 * 1024 } = options;
  const child = execa(file, [...args], {
    ...(cwd === undefined ? {} : { cwd }),
    ...(input === undefined ? { stdin: stdin ?? ('ignore' as const) } : { input }),
    ...(signal === undefined ? {} : { cancelSignal: signal }),
    timeout: limitMilliseconds,
    env: { ...env },
    extendEnv: false,
    reject: false,
    maxBuffer: maxOutput,
    cleanup: true,
    windowsHide: true,
    forceKillAfterDelay: 2000,
  });
  const stopWaiting = closeLeftOutputs(child.nodeChildProcess);
  const result = await child.finally(stopWaiting);
  signal?.throwIfAborted();
  if (result.timedOut) {
    const seconds = Math.round(limitMilliseconds / 1000);
    throw new OciSaveError({ code: 'machine', message: `${file} did not end within ${seconds} s` });
  }
  if (result.exitCode === undefined && result.signal === undefined) {
    throw new OciSaveError({
      code: 'machine',
      message: `${file} cannot be started (${systemCodeOf(result.cause) ?? systemCodeOf(result) ?? 'no reason given'})`,
    });
  }
  const { exitCode, signal: endedBy, stdout, stderr } = result;
  return { exitCode, signal: endedBy, stdout, stderr };
}

const LEFT_OUTPUT_MILLISECONDS = 2000;

/**
 * A process may leave others behind that keep its outputs open: an agent in the background, a child that outlived the
 * signal. Their output is waited for no longer than this. Returns a function that ends the waiting.
 */
function closeLeftOutputs(child: ChildProcess): () => void {
  let timer: NodeJS.Timeout | undefined;
  child.once('exit', () => {
    timer = setTimeout(() => {
      child.stdout?.destroy();
      child.stderr?.destroy();
    }, LEFT_OUTPUT_MILLISECONDS);
  });
  return () => clearTimeout(timer);
}
