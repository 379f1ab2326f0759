import { refusal } from '../problems.ts';
import type { Collector } from '../entry/findings.ts';
import { stripBlanks } from '../syntax/lines.ts';
import { fieldOf, listed, type Mapping, type Tree } from '../syntax/tree.ts';

/**
 * The text under a key, without blanks around it; undefined where it is missing or null.
 * @throws OciSaveError `list` where it is a list or a mapping
 */
export function textOf(tree: Tree | undefined, key: string): string | undefined {
  const value = fieldOf(tree, key);
  if (value === undefined) return undefined;
  if (value.kind !== 'scalar') throw refusal(`'${key}' is not text`);
  return stripBlanks(value.text);
}

/**
 * The texts under some keys, each a text or a list of texts.
 * @throws OciSaveError `list` for anything else
 */
export function textsOf(tree: Tree | undefined, keys: readonly string[]): string[] {
  return keys.flatMap((key) => {
    const value = fieldOf(tree, key);
    if (value === undefined) return [];
    return listed(value).map((item) => {
      if (item.kind !== 'scalar') throw refusal(`'${key}' is neither text nor a list of texts`);
      return stripBlanks(item.text);
    });
  });
}

/** The items under a key: those of a list, or the one value; none where it is missing or null. */
export function itemsOf(tree: Tree | undefined, key: string): readonly Tree[] {
  const value = fieldOf(tree, key);
  return value === undefined ? [] : listed(value);
}

/** The value at the end of a path of keys, such as `spec.template.spec`. */
export function treeAt(tree: Tree | undefined, path: string): Tree | undefined {
  return path.split('.').reduce<Tree | undefined>((inner, key) => fieldOf(inner, key), tree);
}

/**
 * Notes the keys of a mapping that are known to a format and have no effect on what is saved, and all others, each once
 * per file. `name` says how the note names a key, where not by the key itself.
 */
export function ignoreOthers(
  collector: Collector,
  mapping: Mapping,
  used: readonly string[],
  name: (key: string) => string = (key) => key,
): void {
  for (const { key } of mapping.entries) {
    // A key of a stranger's may be anything: a note is a word.
    if (!used.includes(key) && /^[\w.$/-]{1,60}$/.test(key)) collector.ignore(name(key));
  }
}
