import { Writable } from 'node:stream';
import { endGroup, isDebug, startGroup } from '@actions/core';
import type { SaveEvent } from '../events.ts';
import { createReporter } from '../view/index.ts';
import { plainText } from '../text/plain-text.ts';

/** The step's log: calm lines, a group a stage. Everything that we did not write is printed as plain text. */
export interface ActionLog {
  readonly emit: (event: SaveEvent) => void;
  /** Messages of level warning so far. */
  readonly warnings: readonly string[];
  /** Text of our own, ending with a line end. */
  write(text: string): void;
  /**
   * Does `work` with its lines in a group of its own. Groups do not nest, and work goes on beside it: what the run has
   * to say meanwhile follows after the group.
   */
  apart<T>(title: string, work: (line: (text: string) => void) => Promise<T>): Promise<T>;
  /** Closes the last stage. */
  stop(): void;
}

/** What one step works with. */
export interface Step {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: ActionLog;
  /** The workspace's real path. */
  readonly workspace: string;
  /** Tells the runner what to hide. */
  readonly mask: (secret: string) => void;
  readonly signal: AbortSignal;
}

export function createActionLog(out: NodeJS.WritableStream): ActionLog {
  const warnings: string[] = [];
  let held: (() => void)[] | undefined;
  let open = false;
  const now = (act: () => void): void => {
    if (held === undefined) act();
    else held.push(act);
  };
  const print = (text: string): void => void out.write(text);
  const close = (): void => {
    if (open) endGroup();
    open = false;
  };
  const stream = new Writable({
    decodeStrings: false,
    write(chunk, _encoding, done) {
      now(() => print(String(chunk)));
      done();
    },
  });
  const reporter = createReporter({
    stream,
    live: false,
    verbose: isDebug(),
    now: () => performance.now(),
    folding: {
      open: (title) =>
        now(() => {
          close();
          startGroup(title);
          open = true;
        }),
      close: () => now(close),
    },
  });
  return {
    warnings,
    emit(event) {
      if (event.type === 'log' && event.level === 'warning') warnings.push(event.message);
      reporter.emit(event);
    },
    write: (text) => now(() => print(text)),
    async apart(title, work) {
      close();
      startGroup(title);
      held = [];
      try {
        return await work((text) => print(`${plainText(text)}\n`));
      } finally {
        endGroup();
        const acts = held;
        held = undefined;
        acts.forEach((act) => act());
      }
    },
    stop: reporter.stop,
  };
}
