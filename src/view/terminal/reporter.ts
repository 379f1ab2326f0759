import type { Emit } from '../../events.ts';

/** Where people read: a terminal, a pipe, a CI log. `process.stderr` is one. */
export type ReportStream = NodeJS.WritableStream & {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
};

/** A log that can fold its parts: lines between `open` and `close` are shown on demand. */
export interface Folding {
  readonly open: (title: string) => void;
  readonly close: () => void;
}

export interface ReporterOptions {
  readonly stream: ReportStream;
  /** Warnings and errors alone. */
  readonly quiet?: boolean | undefined;
  /** Debug lines, and every finished image on a terminal too. */
  readonly verbose?: boolean | undefined;
  readonly color?: boolean | undefined;
  /** False where a terminal cannot move its cursor (`TERM=dumb`) or nobody watches it (CI). */
  readonly live?: boolean | undefined;
  /** Folds the stages of a plain log that count things, each under the line that starts it. */
  readonly folding?: Folding | undefined;
  /** Milliseconds; only differences count. */
  readonly now: () => number;
}

export interface Reporter {
  readonly emit: Emit;
  /** Removes the live view and closes the last stage. Events that are emitted afterwards are still printed. */
  readonly stop: () => void;
}
