import type { Emit } from '../../events.ts';

/** Where people read: a terminal, a pipe, a CI log. `process.stderr` is one. */
export type ReportStream = NodeJS.WritableStream & {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
};

/** A log that can fold its parts: what is written between `open` and `close` is shown on demand. */
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
  /** False where a terminal cannot move its cursor or nobody watches it (`TERM=dumb`, CI). */
  readonly live?: boolean | undefined;
  /** Folds the stages of a plain log that count things, each under the line that starts it. */
  readonly folding?: Folding | undefined;
  /** Milliseconds; only differences count. */
  readonly now: () => number;
}

export interface Reporter {
  readonly emit: Emit;
  /** Takes the live view away and closes the last stage. What is emitted afterwards is still printed. */
  readonly stop: () => void;
}
