import { formatCount } from '../../text/bytes.ts';
import type { Cell } from './columns.ts';
import type { Palette } from './paint.ts';
import { plainText } from '../../text/plain-text.ts';
import type { ReportedOrigin } from '../../report/failure.ts';
import type { RunReport } from '../../report/run-report.ts';
import { tableLines, type TableShape } from './summary-table.ts';

const MAX_LINES = 50;

const MESSAGES: TableShape = { columns: [{}, {}], headColumns: 1 };
const ENTRIES: TableShape = { columns: [{}, {}, {}], headColumns: 2 };

/** What was noticed and did not stop the run, with the line of the list where there is one. */
export function warningSection({ warnings }: RunReport, palette: Palette, room: number): string[] {
  const rows = warnings.map(({ message, origin }) => [at(origin, palette), { text: plainText(message) }]);
  return section(palette.warn(`Warnings: ${warnings.length}`), MESSAGES, rows, room);
}

/** What is probably an image and was not saved. */
export function candidateSection({ candidates }: RunReport, palette: Palette, room: number): string[] {
  const title =
    palette.warn(`Not saved: ${formatCount(candidates.length, 'candidate')}, probably images`) +
    ' (on-candidate: accept takes them)';
  const rows = candidates.map(({ text, origin, why }) => [
    at(origin, palette),
    { text: plainText(text) },
    { text: plainText(why) },
  ]);
  return section(title, ENTRIES, rows, room);
}

/** What looked like an image and was not understood. */
export function rejectSection({ rejects }: RunReport, palette: Palette, room: number): string[] {
  const title = palette.warn(`Rejected: ${formatCount(rejects.length, 'line')} of the lists, not understood`);
  const rows = rejects.map(({ text, origin, reason, hint }) => [
    at(origin, palette),
    { text: plainText(text) },
    { text: plainText(hint === undefined ? reason : `${reason}. ${hint}`) },
  ]);
  return section(title, ENTRIES, rows, room);
}

function at(origin: ReportedOrigin | undefined, palette: Palette): Cell {
  return {
    text: origin === undefined ? '-' : `${plainText(origin.file)}:${origin.line}`,
    paint: palette.faint,
  };
}

function section(
  title: string,
  shape: TableShape,
  rows: readonly (readonly Cell[])[],
  room: number,
): string[] {
  if (rows.length === 0) return [];
  const more = rows.length - MAX_LINES;
  return [
    title,
    ...tableLines(shape, rows.slice(0, MAX_LINES), room),
    ...(more > 0 ? [`  and ${more} more, all in report.json`] : []),
  ];
}
