import { alignColumns } from './columns.ts';

/** What remains of a column's text on a narrow terminal: both ends of a reference. */
const MIN_WIDTH = 12;

/**
 * A table of plain texts (see `plainText`) under titles, no line end after the last line. Columns in which no row
 * says anything are left out; without `width` nothing is cut, since a program may read it.
 */
export function renderColumns(
  titles: readonly string[],
  rows: readonly (readonly string[])[],
  width: number | undefined,
): string {
  const used = titles.map((_, index) => index).filter((index) => rows.some((row) => row[index]));
  const cells = [titles, ...rows].map((row) => used.map((index) => ({ text: row[index] ?? '' })));
  const columns = used.map(() => ({ min: MIN_WIDTH }));
  return alignColumns(columns, cells, width || Number.POSITIVE_INFINITY).join('\n');
}
