import { alignColumns, type Cell, type Column, columnsFit } from './columns.ts';
import { wrapWords } from './wrap.ts';

export interface TableShape {
  readonly columns: readonly Column[];
  /** How many columns stay on the first line where a row does not fit into one. */
  readonly headColumns: number;
  readonly titles?: readonly Cell[];
}

const INDENT = '  ';

/**
 * Rows as a table, and where the table is wider than `room`, each as a head line with the rest below it: names and
 * reasons are read and copied whole, so nothing is cut.
 */
export function tableLines(shape: TableShape, rows: readonly (readonly Cell[])[], room: number): string[] {
  const { columns, headColumns, titles } = shape;
  const titled = titles === undefined ? rows : [titles, ...rows];
  const inside = room - INDENT.length;
  if (columnsFit(columns, titled, inside)) {
    return alignColumns(columns, titled, inside).map((line) => INDENT + line);
  }
  const below = alignColumns(
    columns.slice(headColumns),
    rows.map((row) => row.slice(headColumns)),
    Number.POSITIVE_INFINITY,
  );
  return rows.flatMap((row, index) => [
    INDENT +
      row
        .slice(0, headColumns)
        .map(({ text, paint }) => (paint === undefined ? text : paint(text)))
        .join(INDENT),
    ...wrapBelow(row.slice(headColumns), below[index] ?? '', inside - INDENT.length),
  ]);
}

/** One long text is broken at its words; several short ones stay aligned. */
function wrapBelow(cells: readonly Cell[], aligned: string, room: number): string[] {
  const [only, ...others] = cells;
  const lines = only !== undefined && others.length === 0 ? wrapWords(only.text, room) : [aligned];
  return lines.filter((line) => line !== '').map((line) => INDENT + INDENT + line);
}
