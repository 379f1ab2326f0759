import { formatCount } from '../text/bytes.ts';
import type { RunReport } from '../report/index.ts';
import { type Bound, code, prose, type Table, table, where } from './markdown.ts';

/** What was noticed and did not stop the run. */
export function warningSection({ warnings }: RunReport, bound: Bound): string[] {
  return section(
    `Warnings: ${warnings.length}`,
    {
      titles: ['Where', 'Warning'],
      rows: warnings,
      cells: ({ message, origin }) => [where(origin?.file, origin?.line), prose(message)],
    },
    bound,
  );
}

/** What is probably an image and was not saved. */
export function candidateSection({ candidates }: RunReport, bound: Bound): string[] {
  const lines = section(
    `Not saved: ${formatCount(candidates.length, 'candidate')}, probably images`,
    {
      titles: ['Where', 'Entry', 'Why'],
      rows: candidates,
      cells: ({ text, origin, why }) => [where(origin.file, origin.line), code(text), prose(why)],
    },
    bound,
  );
  return lines.length === 0 ? [] : [...lines, '', '`on-candidate: accept` takes such entries.'];
}

/** What looked like an image and was not understood. */
export function rejectSection({ rejects }: RunReport, bound: Bound): string[] {
  return section(
    `Rejected: ${formatCount(rejects.length, 'line')} of the lists, not understood`,
    {
      titles: ['Where', 'Entry', 'Why'],
      rows: rejects,
      cells: ({ text, origin, reason, hint }) => [
        where(origin.file, origin.line),
        code(text),
        prose(hint === undefined ? reason : `${reason}. ${hint}`),
      ],
    },
    bound,
  );
}

function section<Row>(title: string, shape: Table<Row>, bound: Bound): string[] {
  return shape.rows.length === 0 ? [] : [`### ${title}`, '', ...table(shape, bound)];
}
