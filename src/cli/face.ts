import type { SignalHost } from '../runtime/interruption.ts';
import { createReporter, type Reporter, type ReportStream } from '../view/index.ts';

/** What the command line is given by the process that runs it. */
export interface Host extends SignalHost {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: AsyncIterable<Uint8Array> & { readonly isTTY?: boolean; destroy(): unknown };
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: ReportStream;
}

/** Flags that every command takes. */
export interface Manner {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly color: boolean;
}

/** People's text goes to stderr, machines' to stdout. */
export function reporterFor({ stderr, env }: Host, { quiet, verbose, color }: Manner): Reporter {
  return createReporter({
    stream: stderr,
    quiet,
    verbose,
    color,
    live: stderr.isTTY === true && env['TERM'] !== 'dumb' && env['CI'] === undefined,
    now: () => performance.now(),
  });
}

/** Colours where a person looks and has not said no (no-color.org). */
export function wantsColor({ stderr, env }: Host, flag: boolean): boolean {
  return flag && (env['NO_COLOR'] ?? '') === '' && stderr.isTTY === true && env['TERM'] !== 'dumb';
}
