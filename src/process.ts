import type { ChildProcess } from 'node:child_process';
import type { ReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { execa } from 'execa';
import { onExit } from 'signal-exit';
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
  /** Hears each line of stderr as it comes, cut at some length, and says whether it is kept. */
  readonly onErrorLine?: ((line: string) => boolean) | undefined;
  /** The same of stdout. */
  readonly onOutputLine?: ((line: string) => boolean) | undefined;
}

export interface ProcessResult {
  /** The exit code; undefined where a signal ended the process. */
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** How long a program that was asked to end is waited for before it is killed. */
const GRACE_MILLISECONDS = 2000;

/**
 * Runs a program with an argument list, never through a shell. No other file of this project spawns a process, except
 * for the action's package managers, which @actions/exec runs. A process that fails is a result, not an exception; its
 * command line is never quoted, since errors are printed. The program leads a process group: where it is ended, and when
 * this process ends, so is whatever it started.
 * @throws OciSaveError `machine` where the program cannot be started or did not end in time, the reason of `signal`
 *   where that ended it
 */
export async function run(
  file: string,
  args: readonly string[],
  options: ProcessOptions,
): Promise<ProcessResult> {
  const {
    cwd,
    env,
    input,
    stdin,
    signal,
    limitMilliseconds = 0,
    maxOutput = 1024 * 1024,
    onErrorLine,
    onOutputLine,
  } = options;
  signal?.throwIfAborted();
  const child = execa(file, [...args], {
    ...(cwd === undefined ? {} : { cwd }),
    ...(input === undefined ? { stdin: stdin ?? ('ignore' as const) } : { input }),
    env: { ...env },
    extendEnv: false,
    reject: false,
    maxBuffer: maxOutput,
    // What is heard is kept by us, not by execa, whose bound would end the program.
    buffer: { stdout: onOutputLine === undefined, stderr: onErrorLine === undefined },
    // On Windows it would mean a console of its own.
    detached: process.platform !== 'win32',
    windowsHide: true,
  });
  const heard = onErrorLine === undefined ? undefined : hearLines(child.stderr, onErrorLine, maxOutput);
  const heardOutput =
    onOutputLine === undefined ? undefined : hearLines(child.stdout, onOutputLine, maxOutput);
  const stopWaiting = closeLeftOutputs(child.nodeChildProcess);
  const group = watchGroup(child.nodeChildProcess);
  let timedOut = false;
  const timer =
    limitMilliseconds > 0 ? setTimeout(() => ((timedOut = true), group.end()), limitMilliseconds) : undefined;
  signal?.addEventListener('abort', group.end, { once: true });
  const result = await child.finally(() => {
    stopWaiting();
    clearTimeout(timer);
    signal?.removeEventListener('abort', group.end);
    group.release();
  });
  signal?.throwIfAborted();
  if (timedOut) {
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
  return {
    exitCode,
    signal: endedBy,
    stdout: heardOutput?.() ?? stdout ?? '',
    stderr: heard?.() ?? stderr ?? '',
  };
}

/** Of a line that never ends. */
const MAX_LINE = 64 * 1024;

/** Hears the lines of an output while it comes. Returns a function that gives those that were kept. */
function hearLines(output: Readable, hear: (line: string) => boolean, most: number): () => string {
  let kept = '';
  let open = '';
  const take = (line: string): void => {
    if (hear(line) && kept.length + line.length < most) kept += `${line}\n`;
  };
  output.setEncoding('utf8');
  output.on('data', (chunk: string) => {
    const lines = (open + chunk).split('\n');
    open = (lines.pop() ?? '').slice(0, MAX_LINE);
    for (const line of lines) take(line.slice(0, MAX_LINE));
  });
  return () => {
    if (open !== '') take(open);
    open = '';
    return kept;
  };
}

/** Ends each program that runs, at once and with whatever it started: for a process that ends itself. */
export function killPrograms(): void {
  for (const kill of running) kill();
}

const running = new Set<() => void>();

interface Group {
  /** Asks the program and its children to end, and kills what is left after a while. */
  readonly end: () => void;
  /** The program has ended. */
  readonly release: () => void;
}

function watchGroup(child: ChildProcess): Group {
  let timer: NodeJS.Timeout | undefined;
  const send = (signal: NodeJS.Signals): void => {
    const { pid } = child;
    if (pid === undefined) return;
    try {
      if (process.platform === 'win32') child.kill(signal);
      else process.kill(-pid, signal);
    } catch (error) {
      // All of it has ended.
      if (systemCodeOf(error) !== 'ESRCH') throw error;
    }
  };
  const kill = (): void => {
    forget();
    running.delete(kill);
    send('SIGKILL');
  };
  const forget = onExit(kill);
  running.add(kill);
  return {
    end() {
      send('SIGTERM');
      timer = setTimeout(kill, GRACE_MILLISECONDS);
    },
    release() {
      clearTimeout(timer);
      // Of what was ended nothing may stay; an agent that a program leaves behind on purpose may.
      if (timer !== undefined) send('SIGKILL');
      forget();
      running.delete(kill);
    },
  };
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
