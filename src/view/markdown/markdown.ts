import { plainText } from '../../text/plain-text.ts';

/** What Markdown, HTML, tables, mathematics and links are made of. */
const SPECIAL = /[&<>`|\\*_[\]~$#@]|:(?=\/\/)|(?<=\bwww)\./gi;

/** A text that needs nothing: references, digests, paths. */
const TAME = /^[\w./:@,=+-]+$/;

/** Words that we did not write, as one line of Markdown that shows them and does nothing else. */
export function escaped(text: string): string {
  return plainText(text).replaceAll(SPECIAL, (char) => `&#${char.codePointAt(0) ?? 0};`);
}

/** The same in the typeface of code. */
export function code(text: string): string {
  return TAME.test(text) && plainText(text) === text ? `\`${text}\`` : `<code>${escaped(text)}</code>`;
}

/** Names of options in our own words stand in backticks, with a value at most. */
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
  /** A row's cells: Markdown on one line. Asked of the rows that are shown alone. */
  readonly cells: (row: Row) => readonly string[];
}

/** How much is shown of something that may be long. */
export interface Bound {
  /** Of the lines, in UTF-8. */
  readonly maxBytes: number;
  /** Where the rest stands, after a number: `, all in …`; empty where it stands nowhere else. */
  readonly rest: string;
}

/** A table whose rows are bounded. */
export function table<Row>({ titles, figures = [], rows, cells }: Table<Row>, bound: Bound): string[] {
  return [
    tableRow(titles),
    tableRow(titles.map((_, column) => (figures.includes(column) ? '--:' : ':--'))),
    ...bounded(rows, (row) => tableRow(cells(row)), bound),
  ];
}

/** A line an item, as long as there is room, and one that says how many are left out. */
export function bounded<Item>(
  items: readonly Item[],
  lineOf: (item: Item) => string,
  { maxBytes, rest }: Bound,
): string[] {
  const lines: string[] = [];
  let bytes = 0;
  for (const item of items) {
    const line = lineOf(item);
    bytes += Buffer.byteLength(line) + 1;
    if (bytes > maxBytes) return [...lines, '', `and ${items.length - lines.length} more${rest}`];
    lines.push(line);
  }
  return lines;
}

function tableRow(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** Lines that are shown on demand. */
export function folded(title: string, lines: readonly string[]): string[] {
  return ['<details>', `<summary>${title}</summary>`, '', ...lines, '', '</details>'];
}
