/** A YAML or JSON document as lists need it: scalars are text as written (`1.10` stays `1.10`), each with its line. */
export type Tree = Scalar | Sequence | Mapping;

export interface Scalar {
  readonly kind: 'scalar';
  readonly text: string;
  readonly line: number;
  /** False for what was quoted or in a block: only a plain scalar can mean null. */
  readonly plain: boolean;
  /** True for a block (`|`), whose first line is below the scalar's; a folded one (`>`) has other lines than the file. */
  readonly block?: boolean;
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

/** Why a document cannot be read. */
export interface TreeProblem {
  readonly line: number;
  readonly reason: string;
  readonly hint?: string | undefined;
  /** True where it is too large, not wrong. */
  readonly bound?: boolean;
}

/** A key that occurs twice in a mapping, and the line of its second occurrence. */
export type RepeatedKey = Pick<MappingEntry, 'key' | 'line'>;

export interface ParsedTrees {
  readonly roots: readonly Tree[];
  /** If there are any, the roots are unreliable. */
  readonly problems: readonly TreeProblem[];
  /** Keys whose values were joined. */
  readonly repeated: readonly RepeatedKey[];
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

export function keysOf(tree: Tree | undefined): readonly string[] {
  return tree?.kind === 'mapping' ? tree.entries.map(({ key }) => key) : [];
}

/** The items of a sequence; anything else becomes a list of one item. */
export function listed(tree: Tree): readonly Tree[] {
  return tree.kind === 'sequence' ? tree.items : [tree];
}

/**
 * Joins the values of keys that occur twice in a mapping, as in real files: using only the last one would lose images.
 * Lists are appended, mappings merged, other values become a list. Each such key is added to `repeated` once.
 */
export function joinEntries(entries: readonly MappingEntry[], repeated: RepeatedKey[]): MappingEntry[] {
  const groups = Map.groupBy(entries, ({ key }) => key);
  if (groups.size === entries.length) return [...entries];
  return [...groups.values()].flatMap((group) => {
    const [first, second] = group;
    if (first === undefined || second === undefined) return group;
    repeated.push({ key: first.key, line: second.line });
    const values = group.map(({ value }) => value);
    return [{ ...first, value: joinValues(values, repeated) ?? first.value }];
  });
}

function joinValues(values: readonly Tree[], repeated: RepeatedKey[]): Tree | undefined {
  const given = values.filter((value) => !isNull(value));
  const [first] = given;
  if (first === undefined) return undefined;
  const mappings = given.filter((value) => value.kind === 'mapping');
  if (first.kind === 'mapping' && mappings.length === given.length) {
    const entries = mappings.flatMap((mapping) => mapping.entries);
    return { ...first, entries: joinEntries(entries, repeated) };
  }
  const texts = new Set(given.map((value) => (value.kind === 'scalar' ? value.text : undefined)));
  if (texts.size === 1 && !texts.has(undefined)) return first;
  return { kind: 'sequence', line: first.line, items: given.flatMap(listed) };
}
