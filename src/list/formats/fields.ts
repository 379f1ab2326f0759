import { OciSaveError } from '../../errors.ts';
import { parsePlatformChoice, type PlatformChoice } from '../../oci/platform.ts';
import { refusal } from '../problems.ts';
import type { EntryParts } from '../entry/entry.ts';
import type { Collector } from '../entry/findings.ts';
import type { ListDocument } from '../syntax/document.ts';
import { stripBlanks } from '../syntax/lines.ts';
import { fieldOf, listed, type Mapping, type MappingEntry, type Tree } from '../syntax/tree.ts';

/**
 * The text under a key, without blanks around it; undefined where it is missing or null.
 * @throws OciSaveError `list` where it is a list or a mapping
 */
export function textOf(tree: Tree | undefined, key: string): string | undefined {
  const value = fieldOf(tree, key);
  if (value === undefined) return undefined;
  if (value.kind !== 'scalar') throw refusal(`'${key}' is not text`, undefined, value.line);
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
      if (item.kind !== 'scalar')
        throw refusal(`'${key}' is neither text nor a list of texts`, undefined, item.line);
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

/**
 * The platforms that some texts name, their variables filled; undefined where there are none.
 * @throws OciSaveError `usage` for what is no platform, `list` for a variable without a value
 */
export function platformsOf(collector: Collector, texts: readonly string[]): PlatformChoice | undefined {
  const named = texts.filter((text) => text !== '').map((text) => collector.fill(text));
  return named.length === 0 ? undefined : parsePlatformChoice(named.join(','));
}

/** Reads a part of a list; what cannot be read becomes a reject with the line of that part. */
export function readPart(collector: Collector, line: number, read: () => void): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof OciSaveError)) throw error;
    collector.addReject(line, error);
  }
}

/** Reads parts in the order of the file, until there are too many mistakes or entries. */
export function readParts(collector: Collector, parts: readonly Tree[], read: (part: Tree) => void): void {
  for (const part of parts) {
    if (collector.stopsAt(part.line)) return;
    readPart(collector, part.line, () => read(part));
  }
}

/** The same for the documents of a file. */
export function readRoots({ trees }: ListDocument, collector: Collector, read: (root: Tree) => void): void {
  readParts(collector, trees?.roots ?? [], read);
}

/** The same for the entries of a mapping. */
export function readFields(
  collector: Collector,
  mapping: Mapping,
  read: (field: MappingEntry) => void,
): void {
  for (const field of mapping.entries) {
    if (collector.stopsAt(field.line)) return;
    readPart(collector, field.line, () => read(field));
  }
}

/** A part that must be a mapping. Throws `list` for anything else; `what` is how the message names it. */
export function mappingOf(tree: Tree, what: string): Mapping {
  if (tree.kind === 'mapping') return tree;
  throw refusal(`${what} is not a mapping of keys to values`);
}

/** A part that must be text, without blanks around it. Throws `list` for anything else. */
export function scalarOf(tree: Tree, what: string): string {
  if (tree.kind === 'scalar') return stripBlanks(tree.text);
  throw refusal(`${what} is not text`);
}

/** Adds a field that is one reference, nothing else. `also` is what other fields say of it. */
export function addReference(
  collector: Collector,
  line: number,
  source: string,
  also: Partial<Omit<EntryParts, 'source'>> = {},
): void {
  collector.addEntry(line, source, () => ({ storedAs: [], ...also, source }));
}

/**
 * A tree in which the keys of a format are spelled as it knows them, whatever their case: programs in Go that read YAML
 * as JSON do not mind it, and public files have `additionalimages`.
 */
export function withKnownKeys(tree: Tree, names: readonly string[]): Tree {
  const known = new Map(names.map((name) => [name.toLowerCase(), name]));
  const spelled = (inner: Tree): Tree => {
    if (inner.kind === 'scalar') return inner;
    if (inner.kind === 'sequence') return { ...inner, items: inner.items.map(spelled) };
    const entries = inner.entries.map(({ key, line, value }) => ({
      key: known.get(key.toLowerCase()) ?? key,
      line,
      value: spelled(value),
    }));
    return { ...inner, entries };
  };
  return spelled(tree);
}
