import type { LogLevel } from '../../events.ts';
import type { Palette } from './paint.ts';
import { plainText } from '../../text/plain-text.ts';
import type { Progress } from './progress.ts';
import { type LogEvent, logWords, stageFinished, type StepEvent, stepDetail, stepVerb } from './wording.ts';

/** A message as lines. Warnings and errors name themselves, since colours may be off. */
export function logLines(event: LogEvent, palette: Palette): string[] {
  const [first = '', ...rest] = logWords(event);
  const lines = [headOf(event.level, palette) + first, ...rest.map((line) => `  ${line}`)];
  return event.level === 'debug' ? lines.map(palette.faint) : lines;
}

function headOf(level: LogLevel, palette: Palette): string {
  if (level === 'error') return `${palette.bad('error:')} `;
  return level === 'warning' ? `${palette.warn('warning:')} ` : '';
}

/** `copied docker.io/library/x:1  3 blobs, 12.4 MiB` */
export function stepLine(event: StepEvent, palette: Palette): string {
  const paint = event.outcome === 'failed' ? palette.bad : palette.good;
  const detail = stepDetail(event);
  const words = `${paint(stepVerb(event))} ${plainText(event.subject)}`;
  return detail === '' ? words : `${words}  ${palette.faint(detail)}`;
}

/** The line that closes a stage when the next one begins. */
export function closingLines({ current }: Progress, now: number): string[] {
  return current === undefined ? [] : [stageFinished(current, now)];
}

/** The line that closes the last stage: only where it did all it had to do, since a run may stop in its midst. */
export function stoppingLines(state: Progress, now: number): string[] {
  const { current } = state;
  const whole = current?.total !== undefined && current.done + current.failed >= current.total;
  return whole ? closingLines(state, now) : [];
}
