import type { SaveEvent } from '../../events.ts';
import { paletteOf } from './paint.ts';
import { advance, percentOf, type Progress, startProgress } from './progress.ts';
import { figures } from './render-progress.ts';
import { createRepeats } from './repeats.ts';
import type { Reporter, ReporterOptions } from './reporter.ts';
import {
  closingLines,
  levelHead,
  type LogEvent,
  logLines,
  planLine,
  stageName,
  stageStarted,
  stageTally,
  type StepEvent,
  stepLine,
  stoppingLines,
} from './wording.ts';

const PROGRESS_EVERY_MS = 5000;
/** Lines that are kept for an image until it is done. */
const MAX_KEPT = 200;

/**
 * Few lines for a log: one when a stage starts and one when it ends, one for each copied image with its own lines
 * below it (copies run at the same time, and their lines would mix), and figures every few seconds while bytes arrive.
 * Warnings and errors are printed at once. There is no timer: without news nothing is printed.
 */
export function createPlainReporter({
  stream,
  quiet = false,
  verbose = false,
  color = false,
  folding,
  now,
}: ReporterOptions): Reporter {
  const palette = paletteOf(color);
  let state: Progress = startProgress(now());
  let printedAt = now();
  const kept = new Map<string, string[]>();
  /** Images whose error has been printed. */
  const reported = new Set<string>();

  const repeats = createRepeats();
  /** What is to be fetched, told when the stage has ended in which it was found out. */
  let plan: string[] = [];

  const print = (lines: readonly string[]): void => {
    if (lines.length > 0) stream.write(lines.map((line) => `${line}\n`).join(''));
  };
  const inform = (lines: readonly string[]): void => {
    if (!quiet) print(lines);
  };
  // A stage that counts nothing prints too little to be folded.
  const start = (title: string, counts: boolean): void =>
    folding !== undefined && counts ? folding.open(title) : inform([title]);
  const takeKept = (image: string): string[] => {
    const lines = kept.get(image) ?? [];
    kept.delete(image);
    return lines.map((line) => `  ${line}`);
  };
  const takeAllKept = (): string[] => [...kept.keys()].flatMap((image) => [`${image}:`, ...takeKept(image)]);

  const onLog = (event: LogEvent): void => {
    if (event.level === 'warning' || event.level === 'error') {
      if (!verbose && repeats.has(event)) return;
      if (event.level === 'error' && event.image !== undefined) reported.add(event.image);
      print(logLines(event, palette));
    } else if (event.level === 'info' || verbose) {
      if (event.image === undefined) return inform(logLines(event, palette));
      // Below its image's line a message does not have to name it.
      const lines = logLines({ ...event, image: undefined }, palette);
      kept.set(event.image, [...(kept.get(event.image) ?? []), ...lines].slice(-MAX_KEPT));
    }
  };
  const close = (lines: readonly string[]): void => {
    print(repeats.take().map((words) => levelHead('warning', palette) + words));
    inform(takeAllKept());
    folding?.close();
    inform([...lines, ...plan]);
    plan = [];
  };
  const onStep = (event: StepEvent): void => {
    const lines = takeKept(event.subject);
    if (event.outcome === 'failed') {
      if (!reported.has(event.subject)) print([stepLine(event, palette)]);
      inform(lines);
    } else if (['copy', 'push', 'compare', 'release'].includes(event.stage) || verbose || lines.length > 0) {
      inform([stepLine(event, palette), ...lines]);
    }
  };
  const onMoved = (): void => {
    const { current } = state;
    if (!current || state.now - printedAt < PROGRESS_EVERY_MS) return;
    printedAt = state.now;
    const percent = percentOf(state);
    const parts = [
      ...(percent === undefined ? [] : [`${percent}%`]),
      ...figures(state, current),
      stageTally(current),
    ];
    inform([`${stageName(current.stage)}: ${parts.filter((part) => part !== '').join(', ')}`]);
  };

  const emit = (event: SaveEvent): void => {
    const before = state;
    state = advance(before, event, now());
    switch (event.type) {
      case 'stage':
        if (before.current?.stage === event.stage) return;
        printedAt = state.now;
        close(closingLines(before, state.now));
        return start(stageStarted(event.stage, event.total), event.total !== undefined);
      case 'plan':
        if (state.current?.stage !== 'copy') return void (plan = [planLine(event)]);
        return inform([planLine(event)]);
      case 'log':
        return onLog(event);
      case 'step':
        onStep(event);
        return onMoved();
      case 'bytes':
        return onMoved();
    }
  };

  let stopped = false;
  const stop = (): void => {
    if (stopped) return;
    stopped = true;
    close(stoppingLines(state, Math.max(state.now, now())));
    // What comes later, as the saving of the cache, does not end this stage once more.
    state = startProgress(state.now);
  };
  return { emit, stop };
}
