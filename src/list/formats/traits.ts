import type { ListDocument } from '../syntax/document.ts';
import { fieldOf, itemsOf, keysOf, textOf, type Tree } from '../syntax/tree.ts';

/** What formats are told by. */
export type Trait = (document: ListDocument) => boolean;

/** One of the documents inside fits. */
export function root(fits: (tree: Tree) => boolean): Trait {
  return ({ trees }) => trees?.roots.some(fits) ?? false;
}

/** A document of this kind, and of this API group where one is given. */
export function kind(pattern: RegExp, apiVersion?: RegExp): Trait {
  return root(
    (tree) =>
      pattern.test(textOf(fieldOf(tree, 'kind')) ?? '') &&
      (apiVersion === undefined || apiVersion.test(textOf(fieldOf(tree, 'apiVersion')) ?? '')),
  );
}

/** A document whose top has all of these keys; a dot leads further down. */
export function keys(...paths: readonly string[]): Trait {
  return root((tree) => paths.every((path) => at(tree, path) !== undefined));
}

export function at(tree: Tree | undefined, path: string): Tree | undefined {
  return path.split('.').reduce<Tree | undefined>((inner, key) => fieldOf(inner, key), tree);
}

/** A list, at the top or under a key, with a map that has all of these keys. */
export function items(path: string, ...wanted: readonly string[]): Trait {
  return root((tree) =>
    itemsOf(path === '' ? tree : at(tree, path)).some((item) => {
      const present = new Set(keysOf(item));
      return wanted.every((key) => present.has(key));
    }),
  );
}

/** The top is a map, and every value of it fits. */
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

/** The first line that is no comment. */
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
