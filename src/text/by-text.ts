/** Orders texts by their code units: the same order on every machine, with any locale. */
export function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
