import { OciSaveError } from '../../errors.ts';
import { editDistance, nearest } from '../../text/nearest.ts';
import { showText } from '../../oci/reference-quote.ts';
import type { ListDocument } from '../syntax/document.ts';
import { FORMATS, type ListFormat } from './formats.ts';
import { keysOf } from '../syntax/tree.ts';

/** The format that `list-format` names, undefined for `auto`. Throws `usage` for one that does not exist. */
export function namedFormat(name: string): ListFormat | undefined {
  const named = FORMATS.find((format) => format.name === name);
  if (named === undefined && name !== 'auto') throw unknownFormat(name);
  return named;
}

/** A format as a sentence names it: `a plain list`. */
export function titleOf(name: string): string {
  return FORMATS.find((format) => format.name === name)?.title ?? 'a list';
}

/** With the formats that are supported, and the one that was probably meant. */
function unknownFormat(name: string): OciSaveError {
  const readable = FORMATS.filter(({ parse }) => parse !== undefined).map((format) => format.name);
  const meant = nearest(name, ['auto', ...FORMATS.map((format) => format.name)]);
  return new OciSaveError({
    code: 'usage',
    message: `the list format ${showText(name)} is unknown; known are ${['auto', ...readable].join(', ')}`,
    hint: meant === undefined ? undefined : `Did you mean '${meant}'?`,
  });
}

/** Keys by which people know a format: it is found by a misspelt one, too. */
const SIGNATURES: readonly (readonly [format: string, ...keys: string[]])[] = [
  ['list', 'images', 'image'],
  ['kubernetes', 'apiVersion', 'kind'],
  ['compose', 'services'],
  ['regsync', 'sync'],
  ['dregsy', 'relay', 'tasks'],
  ['source-tags', 'source', 'tags'],
  ['oc-mirror', 'mirror'],
];
const TEXT_FORMATS = ['plain', 'columns', 'dockerfile'];

/** The titles of the three formats that a text is nearest to. */
export function nearestFormats({ trees }: ListDocument): string[] {
  const present = (trees?.roots ?? []).flatMap(keysOf).slice(0, 100);
  const ranked = SIGNATURES.map(([name, ...keys]) => ({
    name,
    distance: Math.min(...keys.flatMap((key) => present.map((found) => editDistance(key, found))), 99),
  })).toSorted((a, b) => a.distance - b.distance);
  const names = trees === undefined ? TEXT_FORMATS : ranked.slice(0, 3).map(({ name }) => name);
  return names.map((name) => FORMATS.find((format) => format.name === name)?.title ?? name);
}
