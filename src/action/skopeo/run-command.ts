import { StringDecoder } from 'node:string_decoder';
import { setTimeout as delay } from 'node:timers/promises';
import { exec } from '@actions/exec';
import { OciSaveError } from '../../errors.ts';

export interface CommandOptions {
  /** The whole environment of the program; nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly limitMilliseconds: number;
  /** Called for each line of either output, as it comes. */
  readonly onLine: (line: string) => void;
}

/**
 * The program replaces this shell. The first line is what kill(2) takes to end it: its process number, or,
 * with a minus, the group that `setsid` makes of it and of all that it starts. macOS has no `setsid`. The shell reads
 * no command line: the program and its arguments are its parameters. It is needed because @actions/exec
 * - has no way to end a program;
 * - writes an empty `input` to a program that may have closed its input, and then this process dies of the EPIPE;
 * - splits a program's path at spaces, and never returns where Node throws at the start of a program (ETXTBSY).
 */
const WRAPPER =
  'exec </dev/null; if command -v setsid >/dev/null; then echo "-$$"; exec setsid "$@"; fi; echo "$$"; exec "$@"';

/** A program may leave others behind that keep its outputs open. This is how long they are waited for. */
const OUTPUTS_MILLISECONDS = 2000;

/** @actions/exec keeps text without a line end, and searches all of it for each chunk: 16 MiB take it 5 s. */
const MAX_LINE_MIB = 4;

/**
 * Runs a program by @actions/exec, with an empty input. Returns its exit code; undefined where a signal ended it.
 * @throws OciSaveError `machine` where it does not end in time or prints no line ends, the reason of `signal` where
 *   that ended it. The program has ended by then, unless it is another user's, as what sudo runs is.
 */
export async function runCommand(
  file: string,
  args: readonly string[],
  { env, signal, limitMilliseconds, onLine }: CommandOptions,
): Promise<number | undefined> {
  signal.throwIfAborted();
  const { promise: stopped, reject: stop } = Promise.withResolvers<never>();
  const fail = (what: string): void =>
    stop(new OciSaveError({ code: 'machine', message: `${file} did not ${what}` }));
  const onAbort = (): void => stop(signal.reason);
  const limit = {
    maxBytes: MAX_LINE_MIB * 1024 * 1024,
    onTooLong: () => fail(`end a line within ${MAX_LINE_MIB} MiB`),
  };
  let isOver = false;
  const forward = (line: string): void => {
    // Processes that a program left behind may still print.
    if (!isOver) onLine(line);
  };
  let target: number | undefined;
  const output = lineSplitter((line) => {
    if (target === undefined) target = Number(line);
    else forward(line);
  }, limit);
  const errors = lineSplitter(forward, limit);

  signal.addEventListener('abort', onAbort, { once: true });
  const seconds = Math.round(limitMilliseconds / 1000);
  const timer = setTimeout(() => fail(`end within ${seconds} s`), limitMilliseconds);
  const running = exec('/bin/sh', ['-c', WRAPPER, 'sh', file, ...args], {
    env: { ...env },
    silent: true,
    ignoreReturnCode: true,
    delay: OUTPUTS_MILLISECONDS,
    listeners: { stdout: output.add, stderr: errors.add },
  }).catch((cause: unknown) => {
    throw new OciSaveError({ code: 'machine', message: `${file} cannot be started`, cause });
  });
  try {
    // Declared as a number; it is null where a signal ended the program.
    const exitCode: number | null = await Promise.race([running, stopped]);
    output.end();
    errors.end();
    return exitCode ?? undefined;
  } catch (error) {
    await endProgram(() => target, running);
    throw error;
  } finally {
    isOver = true;
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}

const GRACE_MILLISECONDS = 2000;

/** Asks a program and its children to end, and then kills what is left. Takes at most twice the grace. */
async function endProgram(targetOf: () => number | undefined, running: Promise<unknown>): Promise<void> {
  const ended = running.then(
    () => true,
    () => true,
  );
  const hasEnded = (): Promise<boolean> =>
    Promise.race([ended, delay(GRACE_MILLISECONDS, false, { ref: false })]);
  send(targetOf(), 'SIGTERM');
  // A process number may soon be reused; a group's may not, as long as it has a process.
  if ((await hasEnded()) && (targetOf() ?? 0) >= 0) return;
  send(targetOf(), 'SIGKILL');
  await hasEnded();
}

function send(target: number | undefined, signal: NodeJS.Signals): void {
  if (target === undefined) return;
  try {
    process.kill(target, signal);
  } catch {
    // It has ended, or it belongs to another user.
  }
}

interface LineSplitter {
  readonly add: (chunk: Buffer) => void;
  /** Text after the last line end is a line, too. */
  readonly end: () => void;
}

/** Only the end of a longer line is kept. */
const KEPT_CHARACTERS = 64 * 1024;

/**
 * Calls `onLine` for each line of a program's output, as it comes, and `onTooLong` where more than `maxBytes` come
 * without a line end.
 */
function lineSplitter(
  onLine: (line: string) => void,
  { maxBytes, onTooLong }: { readonly maxBytes: number; readonly onTooLong: () => void },
): LineSplitter {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  let bytes = 0;
  return {
    add: (chunk) => {
      const lines = (rest + decoder.write(chunk)).split('\n');
      rest = (lines.pop() ?? '').slice(-KEPT_CHARACTERS);
      bytes = lines.length === 0 ? bytes + chunk.length : 0;
      if (bytes > maxBytes) onTooLong();
      for (const line of lines) onLine(line);
    },
    end: () => {
      rest += decoder.end();
      if (rest !== '') onLine(rest);
    },
  };
}
