/** A YAML or JSON document as lists need it: scalars are text as written (`1.10` stays `1.10`), each with its line. */
export type Tree = Scalar | Sequence | Mapping;

export interface Scalar {
  readonly kind: 'scalar';
  readonly text: string;
  readonly line: number;
  /** False for what stood in quotes or in a block: only a plain scalar can mean null. */
  readonly plain: boolean;
}

export interface Sequence {
  readonly kind: 'sequence';
  readonly items: readonly Tree[];
  readonly line: number;
}

export interface Mapping {
  readonly kind: 'mapping';
  readonly entries: readonly MappingEntry[];
  readonly line: number;
}

export interface MappingEntry {
  readonly key: string;
  readonly line: number;
  readonly value: Tree;
}

/** What reading a document brought to light. */
export interface TreeProblem {
  readonly line: number;
  readonly reason: string;
  readonly hint?: string | undefined;
  /** True where it was too large, not wrong. */
  readonly bound?: boolean;
}

export interface ParsedTrees {
  readonly roots: readonly Tree[];
  /** Anything here makes the roots unreliable. */
  readonly problems: readonly TreeProblem[];
  /** Keys that stood twice and were joined. */
  readonly joined: readonly { readonly key: string; readonly line: number }[];
}

/** The schemas of custom resources reach sixty levels. */
export const MAX_DEPTH = 200;
export const MAX_DOCUMENTS = 10_000;

export function isNull(tree: Tree): boolean {
  return tree.kind === 'scalar' && tree.plain && /^(?:|~|null|Null|NULL)$/.test(tree.text);
}

/** The value of a key of a mapping, where it is neither missing nor null. */
export function fieldOf(tree: Tree | undefined, key: string): Tree | undefined {
  if (tree?.kind !== 'mapping') return undefined;
  const value = tree.entries.find((entry) => entry.key === key)?.value;
  return value === undefined || isNull(value) ? undefined : value;
}

export function textOf(tree: Tree | undefined): string | undefined {
  return tree?.kind === 'scalar' && !isNull(tree) ? tree.text : undefined;
}

export function itemsOf(tree: Tree | undefined): readonly Tree[] {
  return tree?.kind === 'sequence' ? tree.items : [];
}

export function keysOf(tree: Tree | undefined): readonly string[] {
  return tree?.kind === 'mapping' ? tree.entries.map(({ key }) => key) : [];
}

/**
 * Joins what stands under the same key twice, as real files do: the last one alone would drop images. Lists are
 * appended, mappings merged, other values become a list. `onJoin` hears of each such key once.
 */
export function joinEntries(
  entries: readonly MappingEntry[],
  onJoin: (key: string, line: number) => void,
): MappingEntry[] {
  const groups = Map.groupBy(entries, ({ key }) => key);
  if (groups.size === entries.length) return [...entries];
  return [...groups.values()].flatMap((group) => {
    const [first, second] = group;
    if (first === undefined || second === undefined) return group;
    onJoin(first.key, second.line);
    return [
      {
        ...first,
        value:
          joinValues(
            group.map(({ value }) => value),
            onJoin,
          ) ?? first.value,
      },
    ];
  });
}

function joinValues(values: readonly Tree[], onJoin: (key: string, line: number) => void): Tree | undefined {
  const given = values.filter((value) => !isNull(value));
  const [first] = given;
  if (first === undefined) return undefined;
  const mappings = given.filter((value) => value.kind === 'mapping');
  if (first.kind === 'mapping' && mappings.length === given.length) {
    return {
      ...first,
      entries: joinEntries(
        mappings.flatMap(({ entries }) => entries),
        onJoin,
      ),
    };
  }
  const texts = new Set(given.map((value) => (value.kind === 'scalar' ? value.text : undefined)));
  if (texts.size === 1 && !texts.has(undefined)) return first;
  return { kind: 'sequence', line: first.line, items: given.flatMap(listed) };
}

/** The items of a sequence; anything else is a list of one. */
export function listed(tree: Tree): readonly Tree[] {
  return tree.kind === 'sequence' ? tree.items : [tree];
}
