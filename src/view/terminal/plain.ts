import type { SaveEvent } from '../../events.ts';
import { closingLines, logLines, stepLine, stoppingLines } from './lines.ts';
import type { Palette } from './paint.ts';
import { advance, percentOf, type Progress, startProgress } from './progress.ts';
import { figures } from './render-progress.ts';
import type { Folding, Reporter, ReportStream } from './reporter.ts';
import { type LogEvent, planMade, stageName, stageStarted, stageTally, type StepEvent } from './wording.ts';

const PROGRESS_EVERY_MS = 5000;
/** Lines that are kept for an image until it is done. */
const MAX_KEPT = 200;

interface PlainOptions {
  readonly stream: ReportStream;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly palette: Palette;
  readonly folding?: Folding | undefined;
  readonly now: () => number;
}

/**
 * Calm lines for a log: one when a stage starts and one when it ends, one for each copied image with its own lines
 * below it (copies run side by side, and their lines would mix), a figure every few seconds while something moves.
 * Warnings and errors come at once. No timer: a log that says nothing new stays silent.
 */
export function createPlainReporter(options: PlainOptions): Reporter {
  const { stream, quiet, verbose, palette, now } = options;
  let state: Progress = startProgress(now());
  let toldAt = now();
  const kept = new Map<string, string[]>();
  const blamed = new Set<string>();

  const print = (lines: readonly string[]): void => {
    if (lines.length > 0) stream.write(lines.map((line) => `${line}\n`).join(''));
  };
  const chat = (lines: readonly string[]): void => {
    if (!quiet) print(lines);
  };
  const { folding } = options;
  // A stage that counts nothing says hardly a word.
  const start = (title: string, counts: boolean): void =>
    folding !== undefined && counts ? folding.open(title) : chat([title]);
  const takeKept = (image: string): string[] => {
    const lines = kept.get(image) ?? [];
    kept.delete(image);
    return lines.map((line) => `  ${line}`);
  };
  const takeAllKept = (): string[] => [...kept.keys()].flatMap((image) => [`${image}:`, ...takeKept(image)]);

  const onLog = (event: LogEvent): void => {
    if (event.level === 'warning' || event.level === 'error') {
      if (event.level === 'error' && event.image !== undefined) blamed.add(event.image);
      print(logLines(event, palette));
    } else if (event.level === 'info' || verbose) {
      if (event.image === undefined) return chat(logLines(event, palette));
      // Below its image's line a message need not name it.
      const lines = logLines({ ...event, image: undefined }, palette);
      kept.set(event.image, [...(kept.get(event.image) ?? []), ...lines].slice(-MAX_KEPT));
    }
  };
  const onStep = (event: StepEvent): void => {
    const lines = takeKept(event.subject);
    if (event.outcome === 'failed') {
      if (!blamed.has(event.subject)) print([stepLine(event, palette)]);
      chat(lines);
    } else if (['copy', 'push', 'compare', 'release'].includes(event.stage) || verbose || lines.length > 0) {
      chat([stepLine(event, palette), ...lines]);
    }
  };
  const onMoved = (): void => {
    const { current } = state;
    if (!current || state.now - toldAt < PROGRESS_EVERY_MS) return;
    toldAt = state.now;
    const percent = percentOf(state);
    const parts = [
      ...(percent === undefined ? [] : [`${percent}%`]),
      ...figures(state, current),
      stageTally(current),
    ];
    chat([`${stageName(current.stage)}: ${parts.filter((part) => part !== '').join(', ')}`]);
  };

  const emit = (event: SaveEvent): void => {
    const before = state;
    state = advance(before, event, now());
    switch (event.type) {
      case 'stage':
        if (before.current?.stage === event.stage) return;
        toldAt = state.now;
        chat(takeAllKept());
        folding?.close();
        chat(closingLines(before, state.now));
        return start(stageStarted(event.stage, event.total), event.total !== undefined);
      case 'plan':
        return chat([planMade(event)]);
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
    chat(takeAllKept());
    folding?.close();
    chat(stoppingLines(state, Math.max(state.now, now())));
  };
  return { emit, stop };
}
