/** The known word that was probably meant: within two edits, and nearer than any other. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const ranked = known
    .map((candidate) => ({ candidate, distance: editDistance(word.toLowerCase(), candidate) }))
    .toSorted((a, b) => a.distance - b.distance);
  const [best, second] = ranked;
  const limit = Math.min(2, Math.floor(word.length / 2));
  if (best === undefined || best.distance > limit || best.distance === second?.distance) return undefined;
  return best.candidate;
}

/**
 * Levenshtein's distance with exchanged neighbours as one edit (optimal string alignment), over at most 40 characters of
 * each, a row at a time.
 */
export function editDistance(first: string, second: string): number {
  const [a, b] = [first.slice(0, 40), second.slice(0, 40)];
  let [before, row]: [number[], number[]] = [[], Array.from({ length: b.length + 1 }, (_, column) => column)];
  for (let line = 1; line <= a.length; line += 1) {
    const next = [line];
    for (let column = 1; column <= b.length; column += 1) {
      const [above = 0, left = 0, corner = 0] = [row[column], next[column - 1], row[column - 1]];
      const isExchanged = a[line - 1] === b[column - 2] && a[line - 2] === b[column - 1];
      const exchanged = isExchanged ? (before[column - 2] ?? Infinity) + 1 : Infinity;
      const changed = corner + (a[line - 1] === b[column - 1] ? 0 : 1);
      next.push(Math.min(above + 1, left + 1, changed, exchanged));
    }
    [before, row] = [row, next];
  }
  return row[b.length] ?? 0;
}
