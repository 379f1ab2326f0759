import { editDistance } from '../../text/nearest.ts';
import type { ListDocument } from '../syntax/document.ts';
import { keysOf } from '../syntax/tree.ts';
import { FORMATS } from './formats.ts';

/** Keys that are typical of a format: a misspelt one finds it, too. */
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

/** The titles of the three formats that are most similar to a text. */
export function nearestFormats({ trees }: ListDocument): string[] {
  const present = (trees?.roots ?? []).flatMap(keysOf).slice(0, 100);
  const ranked = SIGNATURES.map(([name, ...keys]) => ({
    name,
    distance: Math.min(...keys.flatMap((key) => present.map((found) => editDistance(key, found))), 99),
  })).toSorted((a, b) => a.distance - b.distance);
  const names = trees === undefined ? TEXT_FORMATS : ranked.slice(0, 3).map(({ name }) => name);
  return names.map((name) => FORMATS.find((format) => format.name === name)?.title ?? name);
}
