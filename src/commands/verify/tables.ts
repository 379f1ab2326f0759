/** Which tables of a kit say what is in a bundle: scripts take the names from them by which they load and push. */
export const TABLES: readonly string[] = ['kit/images.tsv', 'kit/manifests.tsv'];

/**
 * Whether a table of the kit has other rows than the lock gives. Versions may sort rows in other ways, and judge in other
 * ways what importers can unpack; of a table with other columns nothing can be told.
 */
export function saysOtherThings(table: Uint8Array, own: Uint8Array): boolean {
  const [head, ...rows] = linesOf(table);
  const [ownHead, ...ownRows] = linesOf(own);
  if (head !== ownHead) return false;
  const kind = (head ?? '').split('\t').indexOf('kind');
  const known = (lines: readonly string[]): string =>
    lines
      .map((line) =>
        line
          .split('\t')
          .toSpliced(kind === -1 ? Number.POSITIVE_INFINITY : kind, 1)
          .join('\t'),
      )
      .toSorted()
      .join('\n');
  return known(rows) !== known(ownRows);
}

const linesOf = (bytes: Uint8Array): string[] => new TextDecoder().decode(bytes).split('\n');
