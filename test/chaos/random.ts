/** A stream of numbers that is the same wherever it begins with the same words. */
export interface Random {
  /** From 0 to below 1. */
  share(): number;
  below(count: number): number;
  chance(share: number): boolean;
  pick<const T>(list: readonly [T, ...T[]]): T;
  /** So many different members, in the list's order. */
  some<T>(list: readonly T[], count: number): T[];
}

/** splitmix32: small, and one word apart is a wholly different stream. */
export function seeded(...words: readonly number[]): Random {
  let state = words.reduce((sum, word) => mix(sum ^ Math.trunc(word)), 0x9e3779b9);
  const share = (): number => {
    state = (state + 0x9e3779b9) | 0;
    return mix(state) / 2 ** 32;
  };
  const below = (count: number): number => Math.floor(share() * count);
  return {
    share,
    below,
    chance: (limit) => share() < limit,
    pick: ([first, ...others]) => others[below(others.length + 1) - 1] ?? first,
    some: (list, count) => {
      const left = list.map((_, at) => at);
      const taken = Array.from({ length: Math.min(count, list.length) }, () =>
        left.splice(below(left.length), 1),
      );
      return taken
        .flat()
        .toSorted((a, b) => a - b)
        .map((at) => list[at] as (typeof list)[number]);
    },
  };
}

function mix(word: number): number {
  let mixed = word;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}
