import { plainText } from '../report/index.ts';

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

export interface Table {
  readonly titles: readonly string[];
  /** Indexes of columns with figures. */
  readonly figures?: readonly number[];
  /** Cells are Markdown on one line. */
  readonly rows: readonly (readonly string[])[];
}

/** A table whose rows take at most `maxBytes`. */
export function table({ titles, figures = [], rows }: Table, maxBytes: number): string[] {
  return [
    tableRow(titles),
    tableRow(titles.map((_, column) => (figures.includes(column) ? '---:' : '---'))),
    ...bounded(rows.map(tableRow), maxBytes),
  ];
}

/** The first lines, at most `maxBytes` of them in UTF-8, and one that says how many are left out. */
export function bounded(lines: readonly string[], maxBytes: number): string[] {
  let bytes = 0;
  const end = lines.findIndex((line) => (bytes += Buffer.byteLength(line) + 1) > maxBytes);
  if (end < 0) return [...lines];
  return [...lines.slice(0, end), '', `and ${lines.length - end} more, all in \`report.json\``];
}

function tableRow(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** Lines that are shown on demand. */
export function folded(title: string, lines: readonly string[]): string[] {
  return ['<details>', `<summary>${title}</summary>`, '', ...lines, '', '</details>'];
}
