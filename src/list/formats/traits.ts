import type { ListDocument } from '../syntax/document.ts';
import { treeAt } from './fields.ts';
import { fieldOf, keysOf, type Tree } from '../syntax/tree.ts';

/** A test by which a format is recognised. */
export type Trait = (document: ListDocument) => boolean;

/** One of the documents in the file fits. */
export function root(fits: (tree: Tree) => boolean): Trait {
  return ({ trees }) => trees?.roots.some(fits) ?? false;
}

/** A document of this kind, and of this API group where one is given. */
export function kind(pattern: RegExp, apiVersion?: RegExp): Trait {
  return root(
    (tree) => pattern.test(textAt(tree, 'kind')) && (apiVersion?.test(textAt(tree, 'apiVersion')) ?? true),
  );
}

function textAt(tree: Tree, key: string): string {
  const value = fieldOf(tree, key);
  return value?.kind === 'scalar' ? value.text : '';
}

/** A document that has all of these keys at its top; a dot separates nested keys. */
export function keys(...paths: readonly string[]): Trait {
  return root((tree) => paths.every((path) => treeAt(tree, path) !== undefined));
}

/** A list, at the top (`''`) or under a key, with a mapping that has all of these keys. */
export function items(key: string, ...wanted: readonly string[]): Trait {
  return root((tree) => {
    const list = key === '' ? tree : fieldOf(tree, key);
    if (list?.kind !== 'sequence') return false;
    return list.items.map(keysOf).some((present) => wanted.every((name) => present.includes(name)));
  });
}

/** The top is a mapping, and each of its values fits. */
export function everyValue(fits: (value: Tree, key: string) => boolean): Trait {
  return root(
    (tree) =>
      tree.kind === 'mapping' &&
      tree.entries.length > 0 &&
      tree.entries.every(({ key, value }) => fits(value, key)),
  );
}

export function either(...traits: readonly Trait[]): Trait {
  return (document) => traits.some((trait) => trait(document));
}

export function all(...traits: readonly Trait[]): Trait {
  return (document) => traits.every((trait) => trait(document));
}

/** The first line that is not a comment. */
export function firstLine(pattern: RegExp): Trait {
  return ({ lines }) => pattern.test(lines[0]?.text.slice(0, 1000) ?? '');
}

export function anyLine(pattern: RegExp): Trait {
  return ({ lines, isTree }) => !isTree && lines.some(({ text }) => pattern.test(text.slice(0, 1000)));
}

export function everyLine(pattern: RegExp): Trait {
  return ({ lines }) => lines.length > 0 && lines.every(({ text }) => pattern.test(text.slice(0, 1000)));
}

export function fileName(pattern: RegExp): Trait {
  return ({ file }) => pattern.test(file);
}
