import type { Line } from '../../syntax/lines.ts';
import { stripBlanks } from '../../syntax/lines.ts';

/** Separators of the cells of a row, in the order in which a header is tried. */
const SEPARATORS = [',', ';', '\t'];

/** Names of columns with an image's name, the one that says the most first. */
export const IMAGE_COLUMNS = [
  'image',
  'reference',
  'ref',
  'image_reference',
  'source',
  'image_name',
  'name',
  'repository',
];

export const TAG_COLUMNS = ['tag', 'version', 'image_tag'];
export const DIGEST_COLUMNS = ['digest', 'sha', 'sha256'];
export const PLATFORM_COLUMNS = ['platform', 'platforms'];
export const ARCHITECTURE_COLUMNS = ['arch', 'architecture', 'architectures', 'archs'];
export const TARGET_COLUMNS = ['target', 'destination', 'rename', 'as'];

/** Columns that are read beside an image's name. */
const OTHER_COLUMNS: ReadonlySet<string> = new Set([
  ...TAG_COLUMNS,
  ...DIGEST_COLUMNS,
  ...PLATFORM_COLUMNS,
  ...ARCHITECTURE_COLUMNS,
  ...TARGET_COLUMNS,
  'registry',
  'os',
  'variant',
  'insecure',
]);

/** Whether what a column says has an effect. */
export function isUsedColumn(name: string): boolean {
  // The kind of a manifest (in IBM's CASE files) follows from itself.
  return IMAGE_COLUMNS.includes(name) || OTHER_COLUMNS.has(name) || name === 'mtype';
}

/** The header of a table: the names of its columns in lower case, and what separates its cells. */
export interface Header {
  readonly names: readonly string[];
  readonly separator: string;
}

/** The header that a line is: several names, of which one is that of an image's column. */
export function readHeader(line: Line | undefined): Header | undefined {
  const text = line?.text.slice(0, 1000) ?? '';
  for (const separator of SEPARATORS) {
    const names = splitCells(text, separator)?.map(columnName) ?? [];
    const isHeader = names.length > 1 && names.every((name) => /^[a-z]\w*$/.test(name));
    if (isHeader && hasImages(names)) return { names, separator };
  }
  return undefined;
}

/** `a,image` alone may be a pair of a plain list. */
function hasImages(names: readonly string[]): boolean {
  const [first = ''] = names;
  const hasColumn = names.some((name) => IMAGE_COLUMNS.includes(name));
  return hasColumn && (IMAGE_COLUMNS.includes(first) || names.some((name) => OTHER_COLUMNS.has(name)));
}

function columnName(cell: string): string {
  return cell.toLowerCase().replaceAll(/[ .-]+/g, '_');
}

/** The cells of a row, without quotes (RFC 4180); undefined where a quote is missing. */
export function splitCells(row: string, separator: string): readonly string[] | undefined {
  const cells: string[] = [];
  for (let at = 0; at <= row.length;) {
    const start = skipBlanks(row, at, separator);
    const isQuoted = row[start] === '"';
    const end = isQuoted ? closingQuote(row, start) : row.length;
    if (end < 0) return undefined;
    const next = row.indexOf(separator, isQuoted ? end : at);
    const cell = row.slice(isQuoted ? start + 1 : at, isQuoted ? end : next < 0 ? row.length : next);
    cells.push(stripBlanks(isQuoted ? cell.replaceAll('""', '"') : cell));
    if (next < 0) return cells;
    at = next + 1;
  }
  return cells;
}

/** A tab may be the separator. */
function skipBlanks(row: string, from: number, separator: string): number {
  const blanks = separator === '\t' ? ' ' : ' \t';
  let at = from;
  while (at < row.length && blanks.includes(row[at] ?? '')) at += 1;
  return at;
}

function closingQuote(row: string, start: number): number {
  for (let at = row.indexOf('"', start + 1); at >= 0; at = row.indexOf('"', at + 2)) {
    if (row[at + 1] !== '"') return at;
  }
  return -1;
}
