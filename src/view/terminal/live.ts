import { createLogUpdate } from 'log-update';
import type { SaveEvent } from '../../events.ts';
import { paletteOf } from './paint.ts';
import { createPlainReporter } from './plain.ts';
import { advance, atTime, type Progress, startProgress } from './progress.ts';
import { renderProgress } from './render-progress.ts';
import { createRepeats } from './repeats.ts';
import type { Reporter, ReporterOptions } from './reporter.ts';
import { closingLines, levelHead, logLines, stepLine, stoppingLines } from './wording.ts';

const FRAME_MS = 100;
const DEFAULT_WIDTH = 80;

/**
 * A view that is redrawn in place at most ten times a second, below the lines that stay: finished stages, warnings,
 * errors, and with `verbose` images and debug lines. The timer only updates rate and silence; it keeps no process alive.
 */
function createLiveReporter({ stream, verbose = false, color = false, now }: ReporterOptions): Reporter {
  const palette = paletteOf(color);
  // The cursor stays: hiding it needs signal handlers, and a killed process would leave it hidden.
  const view = createLogUpdate(stream, { showCursor: true, defaultWidth: DEFAULT_WIDTH });
  let state: Progress = startProgress(now());
  let drawnAt = Number.NEGATIVE_INFINITY;
  let running = true;
  /** Images whose error has been printed. */
  const reported = new Set<string>();

  const repeats = createRepeats();
  const closed = (lines: readonly string[]): string[] => [
    ...repeats.take().map((words) => levelHead('warning', palette) + words),
    ...lines,
  ];

  const print = (lines: readonly string[]): void => {
    if (lines.length > 0) stream.write(lines.map((line) => `${line}\n`).join(''));
  };
  const draw = (): void => {
    if (!running) return;
    drawnAt = now();
    state = atTime(state, drawnAt);
    // One column stays free: some terminals wrap when the last one is written.
    const width = (stream.columns || DEFAULT_WIDTH) - 1;
    const frame = renderProgress(state, width, color);
    if (frame !== '') view(frame);
  };
  const timer = setInterval(draw, FRAME_MS);
  timer.unref();

  const linesOf = (event: SaveEvent, before: Progress): string[] => {
    if (event.type === 'stage' && before.current?.stage !== event.stage)
      return closed(closingLines(before, state.now));
    if (event.type === 'step') {
      const isShown = event.outcome === 'failed' ? !reported.has(event.subject) : verbose;
      return isShown ? [stepLine(event, palette)] : [];
    }
    if (event.type !== 'log' || (!verbose && repeats.has(event))) return [];
    if (event.level === 'error' && event.image !== undefined) reported.add(event.image);
    // The view shows messages about one image next to it.
    const passing = event.level === 'debug' || (event.level === 'info' && event.image !== undefined);
    return passing && !verbose ? [] : logLines(event, palette);
  };

  const emit = (event: SaveEvent): void => {
    const before = state;
    state = advance(before, event, now());
    const lines = linesOf(event, before);
    if (lines.length > 0) {
      if (running) view.clear();
      print(lines);
      draw();
    } else if (event.type === 'stage' || state.now - drawnAt >= FRAME_MS) {
      draw();
    }
  };

  const stop = (): void => {
    if (!running) return;
    running = false;
    clearInterval(timer);
    view.clear();
    print(closed(stoppingLines(state, Math.max(state.now, now()))));
    state = startProgress(state.now);
  };
  return { emit, stop };
}

/** A view of a run: live on a terminal, calm lines elsewhere and where only warnings and errors are printed. */
export function createReporter(options: ReporterOptions): Reporter {
  const { stream, quiet = false, live = true } = options;
  return live && stream.isTTY === true && !quiet ? createLiveReporter(options) : createPlainReporter(options);
}
