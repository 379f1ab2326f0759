import stringWidth from 'string-width';
import type { Paint } from './paint.ts';
import { wrapWords } from './wrap.ts';

export interface Column {
  readonly align?: 'left' | 'right';
  /** The fewest terminal columns to which the column may be cut where the lines are too long; never, if absent. */
  readonly min?: number;
  /** Its end goes, and before anything of another column; else the middle, whose ends are the most useful part. */
  readonly cut?: 'end';
}

/** A cell's text has no line end (see `plainText`); its colour does not count as width. */
export interface Cell {
  readonly text: string;
  readonly paint?: Paint | undefined;
}

const GAP = '  ';
const ELLIPSIS = '...';

/**
 * Cuts the middle out of a text: the ends of a reference, registry and tag, are the most useful part.
 * @param max terminal columns; below four nothing but dots fits
 */
export function truncateMiddle(text: string, max: number): string {
  if (stringWidth(text) <= max) return text;
  if (max <= ELLIPSIS.length) return ELLIPSIS.slice(0, Math.max(0, max));
  const kept = max - ELLIPSIS.length;
  const head = Math.floor(kept / 2);
  const graphemes = graphemesOf(text);
  const tail = firstColumns(graphemes.toReversed(), kept - head).toReversed();
  return firstColumns(graphemes, head).join('') + ELLIPSIS + tail.join('');
}

/** Cuts the end off a text. @param max terminal columns */
export function truncateEnd(text: string, max: number): string {
  if (stringWidth(text) <= max) return text;
  if (max <= ELLIPSIS.length) return ELLIPSIS.slice(0, Math.max(0, max));
  return firstColumns(graphemesOf(text), max - ELLIPSIS.length).join('') + ELLIPSIS;
}

const SEGMENTER = new Intl.Segmenter();

/** What a reader takes for one character, with its combining marks (UAX #29). */
function graphemesOf(text: string): string[] {
  return Array.from(SEGMENTER.segment(text), ({ segment }) => segment);
}

/** As many graphemes as fit into so many columns. */
function firstColumns(graphemes: readonly string[], columns: number): string[] {
  let left = columns;
  const end = graphemes.findIndex((grapheme) => (left -= stringWidth(grapheme)) < 0);
  return graphemes.slice(0, end < 0 ? graphemes.length : end);
}

/**
 * Rows as aligned lines without trailing spaces, no longer than `width` where the columns' minima allow it. The
 * widest column that may shrink shrinks first, and those whose end may go before all.
 */
export function alignColumns(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  width: number,
): string[] {
  const natural = naturalWidths(columns, rows);
  const widths = shrink(columns, natural, width - GAP.length * (columns.length - 1));
  return rows.map((row) => {
    const last = row.findLastIndex(({ text }) => text !== '');
    return row
      .slice(0, last + 1)
      .map((cell, index) => {
        const columnWidth = widths[index] ?? 0;
        const truncate = columns[index]?.cut === 'end' ? truncateEnd : truncateMiddle;
        const text = truncate(cell.text, columnWidth);
        const pad = ' '.repeat(Math.max(0, columnWidth - stringWidth(text)));
        const painted = cell.paint === undefined ? text : cell.paint(text);
        if (columns[index]?.align === 'right') return pad + painted;
        return index === last ? painted : painted + pad;
      })
      .join(GAP);
  });
}

/** Whether `alignColumns` would cut nothing. */
export function columnsFit(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  width: number,
): boolean {
  return sumOf(naturalWidths(columns, rows)) + GAP.length * (columns.length - 1) <= width;
}

function naturalWidths(columns: readonly Column[], rows: readonly (readonly Cell[])[]): number[] {
  return columns.map((_, index) =>
    rows.reduce((widest, row) => Math.max(widest, stringWidth(row[index]?.text ?? '')), 0),
  );
}

function sumOf(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width, 0);
}

function shrink(columns: readonly Column[], natural: readonly number[], room: number): number[] {
  const widths = [...natural];
  let excess = sumOf(widths) - room;
  while (excess > 0) {
    const cuttable = widths.map((width, index) => {
      const { min } = columns[index] ?? {};
      return min !== undefined && width > min ? width : 0;
    });
    const atEnd = cuttable.map((width, index) => (columns[index]?.cut === 'end' ? width : 0));
    const first = atEnd.some((width) => width > 0) ? atEnd : cuttable;
    const widest = Math.max(...first);
    if (widest === 0) break;
    const index = first.indexOf(widest);
    widths[index] = widest - 1;
    excess -= 1;
  }
  return widths;
}

/** The least that is kept of a column's text on a narrow terminal: both ends of a reference. */
const MIN_WIDTH = 12;

/**
 * A table of plain texts (see `plainText`) under titles, without a line end after the last line. Columns that are empty
 * in every row are left out; without `width` nothing is cut, since a program may read it.
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

export interface TableShape {
  readonly columns: readonly Column[];
  /** How many columns stay on the first line where a row does not fit into one. */
  readonly headColumns: number;
  readonly titles?: readonly Cell[];
}

/**
 * Rows as an indented table. Where the table is wider than `room`, each row is a head line with the rest below it:
 * names and reasons are read and copied as a whole, so nothing is cut.
 */
export function tableLines(shape: TableShape, rows: readonly (readonly Cell[])[], room: number): string[] {
  const { columns, headColumns, titles } = shape;
  const titled = titles === undefined ? rows : [titles, ...rows];
  const inside = room - GAP.length;
  if (columnsFit(columns, titled, inside)) {
    return alignColumns(columns, titled, inside).map((line) => GAP + line);
  }
  const below = alignColumns(
    columns.slice(headColumns),
    rows.map((row) => row.slice(headColumns)),
    Number.POSITIVE_INFINITY,
  );
  const headOf = (cells: readonly Cell[]): string =>
    GAP + cells.map(({ text, paint }) => (paint === undefined ? text : paint(text))).join(GAP);
  return rows.flatMap((row, index) => {
    const head = row.slice(0, headColumns);
    const rest = row.slice(headColumns);
    const told = rest.filter(({ text }) => text !== '');
    // A total has a single figure, below that of the rows, and no line for it alone.
    const single = [...head, ...told];
    const fits = columnsFit(
      single.map(() => ({})),
      [single],
      inside,
    );
    if (rest[0]?.text === '' && told.length === 1 && fits) return [headOf(single)];
    return [headOf(head), ...wrapBelow(rest, below[index] ?? '', inside - GAP.length)];
  });
}

/** One long text is wrapped at its words; several short ones stay aligned. */
function wrapBelow(cells: readonly Cell[], aligned: string, room: number): string[] {
  const [only, ...others] = cells;
  const lines = only !== undefined && others.length === 0 ? wrapWords(only.text, room) : [aligned];
  return lines.filter((line) => line !== '').map((line) => GAP + GAP + line);
}
