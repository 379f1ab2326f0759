import { plainText } from '../../text/plain-text.ts';

/** Characters that have a meaning in Markdown, HTML, tables, mathematics and links. */
const SPECIAL = /[&<>`|\\*_[\]~$#@]|:(?=\/\/)|(?<=\bwww)\./gi;

/** A text that needs no escaping: references, digests, paths. */
const HARMLESS = /^[\w./:@,=+-]+$/;

/** Untrusted text as one line of Markdown that shows it and has no other effect. */
export function escaped(text: string): string {
  return plainText(text).replaceAll(SPECIAL, (char) => `&#${char.codePointAt(0) ?? 0};`);
}

/** The same in the typeface of code. */
export function code(text: string): string {
  return HARMLESS.test(text) && plainText(text) === text ? `\`${text}\`` : `<code>${escaped(text)}</code>`;
}

/** Our own messages write names of options, with one value at most, in backticks. */
const OPTION = /&#96;([a-z][a-z-]*(?:: [a-z-]+)?)&#96;/g;

/** A sentence: escaped, and options in the typeface of code. */
export function prose(text: string): string {
  return escaped(text).replaceAll(OPTION, '`$1`');
}

/** A line of a file; empty without a file. */
export function where(file: string | undefined, line: number | undefined): string {
  if (file === undefined) return '';
  return code(line === undefined ? file : `${file}:${line}`);
}

export interface Table<Row> {
  readonly titles: readonly string[];
  /** Indexes of columns with figures. */
  readonly figures?: readonly number[];
  readonly rows: readonly Row[];
  /** A row's cells: Markdown on one line. Called only for rows that are shown. */
  readonly cells: (row: Row) => readonly string[];
  /** The cells of a last row, which is always shown. */
  readonly total?: readonly string[] | undefined;
}

/** How much is shown of something that may be long. */
export interface Bound {
  /** Of the lines, in UTF-8. */
  readonly maxBytes: number;
  /** Where the rest is, after a number: `, all in …`; empty where it is nowhere else. */
  readonly rest: string;
}

/** A table whose rows are bounded. */
export function table<Row>({ titles, figures = [], rows, cells, total }: Table<Row>, bound: Bound): string[] {
  const { lines, more } = within(rows, (row) => tableRow(cells(row)), bound);
  return [
    tableRow(titles),
    tableRow(titles.map((_, column) => (figures.includes(column) ? '--:' : ':--'))),
    ...lines,
    ...(total === undefined ? [] : [tableRow(total)]),
    ...more,
  ];
}

/** One line per item as long as there is room, and one with the number of items that are left out. */
export function bounded<Item>(
  items: readonly Item[],
  lineOf: (item: Item) => string,
  bound: Bound,
): string[] {
  const { lines, more } = within(items, lineOf, bound);
  return [...lines, ...more];
}

function within<Item>(
  items: readonly Item[],
  lineOf: (item: Item) => string,
  { maxBytes, rest }: Bound,
): { readonly lines: readonly string[]; readonly more: readonly string[] } {
  const lines: string[] = [];
  let bytes = 0;
  for (const item of items) {
    const line = lineOf(item);
    bytes += Buffer.byteLength(line) + 1;
    if (bytes > maxBytes) return { lines, more: ['', `and ${items.length - lines.length} more${rest}`] };
    lines.push(line);
  }
  return { lines, more: [] };
}

function tableRow(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** Lines that are shown on demand. */
export function folded(title: string, lines: readonly string[]): string[] {
  return ['<details>', `<summary>${title}</summary>`, '', ...lines, '', '</details>'];
}
