import { fieldOf, isNull, type Mapping, type MappingEntry, type Tree } from '../../syntax/tree.ts';
import { treeAt } from '../fields.ts';

/**
 * Values of a chart with those that override them (helm.sh, Subcharts and Global Values): mappings are merged, anything
 * else replaces what was there, and null removes it.
 */
export function mergeValues(values: Tree, overrides: Tree | undefined): Tree {
  if (overrides === undefined) return values;
  if (values.kind !== 'mapping' || overrides.kind !== 'mapping') return overrides;
  if (overrides.entries.length === 0) return values;
  const changed = new Map(overrides.entries.map((entry) => [entry.key, entry]));
  const merged = values.entries.flatMap((entry) => {
    const other = changed.get(entry.key);
    changed.delete(entry.key);
    if (other === undefined) return [entry];
    return isNull(other.value) ? [] : [{ ...other, value: mergeValues(entry.value, other.value) }];
  });
  const added = [...changed.values()].filter(({ value }) => !isNull(value));
  return { ...overrides, entries: [...merged, ...added] };
}

/** Values with the parent's `global` in place of, or beside, their own. */
export function withGlobal(values: Tree, parent: Tree): Tree {
  const global = fieldOf(parent, 'global');
  if (global === undefined || values.kind !== 'mapping') return values;
  const entry: MappingEntry = { key: 'global', line: global.line, value: global };
  return mergeValues(values, { kind: 'mapping', line: values.line, entries: [entry] });
}

/** Values without some keys at their top, such as those of subcharts. */
export function withoutKeys(values: Tree, keys: ReadonlySet<string>): Tree {
  if (values.kind !== 'mapping') return values;
  return { ...values, entries: values.entries.filter(({ key }) => !keys.has(key)) };
}

/**
 * Whether a dependency is switched off: by the first path of its `condition` that the values have, else by its tags, all of
 * which must be false (helm.sh, Tags and Condition Fields in Dependencies).
 */
export function isDisabled(dependency: Tree, values: Tree): boolean {
  const paths = textAt(dependency, 'condition').split(',');
  const decided = paths.map((path) => switchAt(values, path.trim())).find((found) => found !== undefined);
  if (decided !== undefined) return !decided;
  const tags = fieldOf(dependency, 'tags');
  const switches = (tags?.kind === 'sequence' ? tags.items : []).flatMap((tag) => {
    const found = tag.kind === 'scalar' ? switchAt(values, `tags.${tag.text}`) : undefined;
    return found === undefined ? [] : [found];
  });
  return switches.length > 0 && switches.every((found) => !found);
}

function switchAt(values: Tree, path: string): boolean | undefined {
  const value = path === '' ? undefined : treeAt(values, path);
  if (value?.kind !== 'scalar' || !/^(?:true|false)$/i.test(value.text)) return undefined;
  return value.text.toLowerCase() === 'true';
}

function textAt(tree: Tree, key: string): string {
  const value = fieldOf(tree, key);
  return value?.kind === 'scalar' ? value.text : '';
}

export const EMPTY_VALUES: Mapping = { kind: 'mapping', line: 1, entries: [] };
