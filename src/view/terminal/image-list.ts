import { type Cell, renderColumns, tableLines } from './columns.ts';

/** An image as `list` shows it, in printable texts; empty where something is not known. */
export interface ListedRow {
  readonly ref: string;
  /** Other names under which it is stored. */
  readonly names: readonly string[];
  readonly digest: string;
  readonly platforms: string;
  readonly origin: string;
  /** How many are saved with it. */
  readonly referrers: string;
}

/**
 * Images as a table, without a line end after the last line. On a terminal a row that is too wide has a second line, and
 * names are below it: nothing is cut. Elsewhere each image is one line, since a program may read it.
 */
export function renderImageList(rows: readonly ListedRow[], width: number | undefined): string {
  if (width === undefined || width <= 0) {
    const signed = rows.some(({ referrers }) => referrers !== '');
    const titles = ['IMAGE', 'STORED AS', 'DIGEST', 'PLATFORMS', 'FROM', ...(signed ? ['REFERRERS'] : [])];
    const cells = rows.map(({ ref, names, digest, platforms, origin, referrers }) => [
      ref,
      names.join(' '),
      digest,
      platforms,
      origin,
      ...(signed ? [referrers] : []),
    ]);
    return renderColumns(titles, cells, undefined);
  }
  const fields = [
    ['DIGEST', ({ digest }: ListedRow) => digest],
    ['PLATFORMS', ({ platforms }: ListedRow) => platforms],
    ['FROM', ({ origin }: ListedRow) => origin],
    ['REFERRERS', ({ referrers }: ListedRow) => referrers],
  ] as const;
  const used = fields.filter(([, textOf]) => rows.some((row) => textOf(row) !== ''));
  const cells = rows.flatMap((row): Cell[][] => [
    [{ text: row.ref }, ...used.map(([, textOf]) => ({ text: textOf(row) }))],
    ...row.names.map((name) => [{ text: `  => ${name}` }]),
  ]);
  const titles = [{ text: 'IMAGE' }, ...used.map(([text]) => ({ text }))];
  const shape = { columns: titles.map(() => ({})), headColumns: 1, titles };
  return tableLines(shape, cells, width).join('\n');
}
