import { Writable } from 'node:stream';
import { endGroup, isDebug, startGroup } from '@actions/core';
import type { SaveEvent } from '../events.ts';
import { createReporter } from '../view/index.ts';
import { plainText } from '../text/plain-text.ts';
import type { Happened } from './annotations.ts';
import type { Masks } from './masks.ts';

/** The step's log: plain lines, one group per stage. Untrusted text is printed without commands and control characters. */
export interface ActionLog {
  readonly emit: (event: SaveEvent) => void;
  /** The warnings so far. */
  readonly warnings: readonly Happened[];
  /** Prints our own text, which ends with a line end. */
  write(text: string): void;
  /**
   * Runs `work` with its lines in a separate group. Groups do not nest, and the run continues meanwhile: its lines
   * follow after the group.
   */
  inGroup<T>(title: string, work: (line: (text: string) => void) => Promise<T>): Promise<T>;
  /** Closes the last stage. */
  stop(): void;
}

/** The context of one step. */
export interface Step {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: ActionLog;
  /** The workspace's real path. */
  readonly workspace: string;
  readonly masks: Masks;
  readonly signal: AbortSignal;
}

export function createActionLog(out: NodeJS.WritableStream): ActionLog {
  const warnings: Happened[] = [];
  /** What is printed after the separate group; undefined outside of one. */
  let postponed: (() => void)[] | undefined;
  let open = false;
  const afterGroup = (act: () => void): void => {
    if (postponed === undefined) act();
    else postponed.push(act);
  };
  const print = (text: string): void => void out.write(text);
  const close = (): void => {
    if (open) endGroup();
    open = false;
  };
  const stream = new Writable({
    decodeStrings: false,
    write(chunk, _encoding, done) {
      afterGroup(() => print(String(chunk)));
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
        afterGroup(() => {
          close();
          startGroup(title);
          open = true;
        }),
      close: () => afterGroup(close),
    },
  });
  return {
    warnings,
    emit(event) {
      if (event.type === 'log' && event.level === 'warning') warnings.push(event);
      reporter.emit(event);
    },
    write: (text) => afterGroup(() => print(text)),
    async inGroup(title, work) {
      close();
      startGroup(title);
      postponed = [];
      try {
        return await work((text) => print(`${plainText(text)}\n`));
      } finally {
        endGroup();
        const acts = postponed;
        postponed = undefined;
        acts.forEach((act) => act());
      }
    },
    stop: reporter.stop,
  };
}
