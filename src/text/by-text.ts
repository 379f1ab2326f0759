/** Orders texts by their code units: the same order on every machine, with any locale. */
export function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

const PIECES = /\d+|\D+/g;

/** Orders texts as people count: `v2` before `v10`. The same on every machine, too. */
export function byNumber(a: string, b: string): number {
  const [left, right] = [a.match(PIECES) ?? [], b.match(PIECES) ?? []];
  for (const [at, piece] of left.entries()) {
    const other = right[at];
    if (other === undefined) return 1;
    const order = byPiece(piece, other);
    if (order !== 0) return order;
  }
  return left.length - right.length || byText(a, b);
}

/** Numbers by their value, whatever their length; zeros before them do not count. */
function byPiece(a: string, b: string): number {
  const [x, y] = [a, b].map((piece) => (/^\d/.test(piece) ? piece.replace(/^0+(?=\d)/, '') : undefined));
  if (x === undefined || y === undefined) return byText(a, b);
  return x.length - y.length || byText(x, y);
}
