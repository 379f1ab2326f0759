import type { Emit } from '../events.ts';
import { type SignalHost, watchSignals } from '../runtime/index.ts';
import { printableJson } from '../text/plain-text.ts';
import { createReporter, type Reporter, type ReportStream, type ScreenOptions } from '../view/index.ts';

/** The process that runs the command line. */
export interface Host extends SignalHost {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: AsyncIterable<Uint8Array> & { readonly isTTY?: boolean; destroy(): unknown };
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: ReportStream;
}

/** Flags of every command: the form of its output, and how much it prints. */
export interface OutputFlags {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly color: boolean;
}

/** What a command's work gets. */
export interface CommandIo {
  readonly env: Host['env'];
  /** Ends when the command is interrupted: the program that writes to it may never end. */
  readonly stdin: AsyncIterable<Uint8Array>;
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

/** How a command's work ended. */
export interface Ended {
  readonly failed: boolean;
  /** Whether the text is printed even with `--quiet`; the same as `failed` where it is left out. */
  readonly loud?: boolean;
  /** The part of the text that is printed with `--quiet`, too; empty where there is none. */
  readonly warnings?: (view: ScreenOptions) => string;
  /** The result for machines, with `--json`. */
  readonly json?: unknown;
  /** What people read. */
  readonly text: (view: ScreenOptions) => string;
  /** Writes the result, after the text was printed. */
  readonly write?: () => Promise<void>;
}

/**
 * Runs a command's work with progress, and ends it at a signal. Text for people goes to stderr, for machines to stdout.
 *
 * @param done gets the exit code, even if the work throws after a signal
 */
export async function runCommand(
  host: Host,
  flags: OutputFlags,
  done: (exitCode: number) => void,
  work: (io: CommandIo) => Promise<Ended>,
  stopped?: string,
): Promise<void> {
  const { env, stdin, stdout, stderr } = host;
  const reporter = reporterFor(host, flags);
  const interruption = watchSignals(host, {
    message: stopped,
    onForced: (text) => {
      reporter.stop();
      stderr.write(`error: ${text}\n`);
    },
  });
  const { signal } = interruption;
  try {
    const ended = await work({ env, stdin: interruptible(stdin, signal), emit: reporter.emit, signal });
    const { failed, loud = failed, warnings = () => '', json, text, write } = ended;
    reporter.stop();
    if (flags.json && json !== undefined) stdout.write(`${printableJson(json)}\n`);
    const words = (flags.quiet && !loud ? warnings : text)({ color: flags.color, width: stderr.columns });
    if (words !== '') stderr.write(`${words}\n`);
    await write?.();
    done(failed ? 1 : 0);
  } finally {
    reporter.stop();
    interruption.stop();
    done(interruption.exitCode() ?? 0);
  }
}

/** Progress as these flags and this host want it. */
export function reporterFor({ stderr, env }: Host, { quiet, verbose, color }: OutputFlags): Reporter {
  return createReporter({
    stream: stderr,
    quiet,
    verbose,
    color,
    live: stderr.isTTY === true && env['TERM'] !== 'dumb' && env['CI'] === undefined,
    now: () => performance.now(),
  });
}

/** Whether to print colours: on a terminal, unless the user turned them off (no-color.org). */
export function wantsColor({ stderr, env }: Host, flag: boolean): boolean {
  return flag && (env['NO_COLOR'] ?? '') === '' && stderr.isTTY === true && env['TERM'] !== 'dumb';
}

async function* interruptible(
  stdin: Host['stdin'],
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  const stop = (): void => void stdin.destroy();
  signal.addEventListener('abort', stop, { once: true });
  try {
    yield* stdin;
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
