import { paletteOf } from './paint.ts';
import type { PushReport } from '../../report/push-report.ts';
import type { SummaryOptions } from './summary.ts';
import { pushSections } from './summary-push.ts';

/** What a person reads when a push has ended. No line end after the last line. */
export function renderPushSummary(report: PushReport, { width, color }: SummaryOptions): string {
  const palette = paletteOf(color);
  const room = width === undefined || width <= 0 ? Number.POSITIVE_INFINITY : width;
  const sections = pushSections(report.targets, palette, room).map((lines) => lines.join('\n'));
  const verdict =
    report.outcome === 'failed'
      ? [palette.bad('Failed. Push again when the causes above are gone: only the rest is sent.')]
      : report.dryRun === true
        ? [palette.good('Dry run: nothing was sent.')]
        : [];
  return [...sections, ...verdict].join('\n\n');
}
