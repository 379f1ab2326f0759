import { editDistance, nearest } from '../../text/nearest.ts';
import { quoteReference } from '../../oci/reference-quote.ts';
import { addReject, type Findings } from '../entry/findings.ts';
import { ENTRY_KEYS } from './own-keys.ts';
import { refusal } from '../entry/source.ts';
import type { MappingEntry } from '../syntax/tree.ts';

/** Keys of other formats that mean what one of ours does (kustomize, image-syncer, regsync, Helm, hauler, zarf). */
const OTHER_FORMATS: Readonly<Record<string, string>> = {
  alias: 'as',
  destinations: 'as',
  dest: 'as',
  newname: 'as',
  rename: 'as',
  rewrite: 'as',
  storedas: 'as',
  'stored-as': 'as',
  to: 'as',
  from: 'image',
  fullname: 'image',
  reference: 'image',
  repo: 'image',
  repository: 'image',
  uri: 'image',
  url: 'image',
  newtag: 'tag',
  version: 'tag',
  hash: 'digest',
  sha: 'digest',
  sha256: 'digest',
  os: 'platform',
  system: 'platform',
  variant: 'platform',
};

/** Keys that name a user. */
const LOGIN = /^(?:auth|user(?:name)?|pass(?:word|wd)?|token|secret)$/i;

/** The keys that are suggested where two spellings of one key are equally near. */
const USUAL = ['image', 'tags', 'platforms', 'as', 'digest'];

/** More unknown keys in one mapping are another kind of file. */
const MAX_TOLD = 1000;

/** Adds a reject at the line of each key that is none of `known`. */
export function addUnknownKeys(
  findings: Findings,
  file: string,
  entries: readonly MappingEntry[],
  known: readonly string[],
): void {
  const unknown = entries.filter(({ key }) => !known.includes(key));
  for (const { key, line } of unknown.slice(0, MAX_TOLD)) {
    const fault = refusal(`the key ${shownKey(key)} is unknown`, hintOf(key, known));
    addReject(findings, { file, line }, '', fault);
  }
}

/** Whether a key is one letter away from `meant`, or has its letters in another order. */
export function isMisspelt(key: string, meant: string): boolean {
  const letters = (word: string): string => word.slice(0, 40).split('').toSorted().join('');
  if (key === meant || Math.abs(key.length - meant.length) > 1) return false;
  return editDistance(key, meant) === 1 || letters(key) === letters(meant);
}

/** A key as messages name it: quoted where it looks like one. */
export function shownKey(key: string): string {
  const quoted = /^[\w.-]{1,40}$/.test(key) ? quoteReference(key) : undefined;
  return quoted === undefined ? `of ${key.length} characters` : `'${quoted}'`;
}

function hintOf(key: string, known: readonly string[]): string {
  if (LOGIN.test(key)) return 'Lists hold no logins: log in to the registry before the run.';
  const ours = Object.hasOwn(OTHER_FORMATS, key.toLowerCase()) ? OTHER_FORMATS[key.toLowerCase()] : undefined;
  if (ENTRY_KEYS.includes(key)) return 'It belongs into an entry, beside its image.';
  if (ours !== undefined) return `The key is '${ours}' here.`;
  const usual = known.filter((word) => USUAL.includes(word));
  const meant = nearest(key, known) ?? nearest(key, usual);
  if (meant !== undefined) return `Did you mean '${meant}'?`;
  return `Known are ${known.join(', ')}.`;
}
