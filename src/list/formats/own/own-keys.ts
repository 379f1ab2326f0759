import { editDistance, nearest } from '../../../text/nearest.ts';
import { isReference } from '../../../oci/reference.ts';
import { quoteReference } from '../../../oci/reference-quote.ts';
import type { Collector } from '../../entry/findings.ts';
import { refusal } from '../../problems.ts';
import type { MappingEntry } from '../../syntax/tree.ts';
import { type Hint, hint, option } from '../../../text/hint.ts';

/** Keys of the reference, the most explicit first: in charts an entry with an `image` has a `name` that is only a label. */
export const IMAGE_KEYS = ['image', 'ref', 'source', 'name'];
export const PLATFORM_KEYS = ['platform', 'platforms'];
export const ARCHITECTURE_KEYS = ['arch', 'architecture'];
/** `names` is how `oci-save list --as json` writes them. */
export const NAME_KEYS = ['as', 'target', 'destination', 'names'];
export const TAG_KEYS = ['tag', 'tags'];
/** Every key that an entry may have. */
export const ENTRY_KEYS: readonly string[] = [
  ...IMAGE_KEYS,
  ...PLATFORM_KEYS,
  ...ARCHITECTURE_KEYS,
  ...NAME_KEYS,
  ...TAG_KEYS,
  'digest',
  'credentials',
];

/** Keys of other formats that mean what one of ours does (kustomize, image-syncer, regsync, Helm, hauler, zarf). */
const OTHER_FORMATS = new Map(
  Object.entries({
    as: ['alias', 'destinations', 'dest', 'newname', 'rename', 'rewrite', 'storedas', 'stored-as', 'to'],
    image: ['from', 'fullname', 'reference', 'repo', 'repository', 'uri', 'url'],
    tag: ['newtag', 'version'],
    digest: ['hash', 'sha', 'sha256'],
    platform: ['os', 'system', 'variant'],
  }).flatMap(([ours, others]) => others.map((key) => [key, ours])),
);

/** Keys of credentials. */
const LOGIN = /^(?:auth|user(?:name)?|pass(?:word|wd)?|token|secret)$/i;

/** The keys that are preferred as suggestions where several have the same meaning. */
const USUAL = ['image', 'tags', 'platforms', 'as', 'digest'];

/** A mapping with more unknown keys is not an entry. */
const MAX_UNKNOWN = 1000;

/** Adds a reject at the line of each key that is not in `known`. */
export function addUnknownKeys(
  collector: Collector,
  entries: readonly MappingEntry[],
  known: readonly string[],
): void {
  const unknown = entries.filter(({ key }) => !known.includes(key));
  for (const { key, line } of unknown.slice(0, MAX_UNKNOWN)) {
    collector.addReject(line, refusal(`the key ${shownKey(key)} is unknown`, hintOf(key, known)));
  }
}

/** Whether a key is one letter away from `meant`, or has its letters in another order. */
export function isMisspelt(key: string, meant: string): boolean {
  const letters = (word: string): string => word.slice(0, 40).split('').toSorted().join('');
  if (key === meant || Math.abs(key.length - meant.length) > 1) return false;
  return editDistance(key, meant) === 1 || letters(key) === letters(meant);
}

/** A key as messages name it: quoted where it looks like one, or like the image that is a key in files of mirror tools. */
export function shownKey(key: string): string {
  const isName = /^[\w.-]{1,40}$/.test(key) || (key.includes('/') && isReference(key));
  const quoted = isName ? quoteReference(key) : undefined;
  return quoted === undefined ? `of ${key.length} characters` : `'${quoted}'`;
}

function hintOf(key: string, known: readonly string[]): Hint {
  if (LOGIN.test(key))
    return hint`Lists do not contain logins: name users with ${option('credentials')}, or log in before the run.`;
  const ours = OTHER_FORMATS.get(key.toLowerCase());
  if (ENTRY_KEYS.includes(key)) return 'Write it in an entry, next to its image.';
  if (ours !== undefined) return `The key is '${ours}' here.`;
  const usual = known.filter((word) => USUAL.includes(word));
  const meant = nearest(key, known) ?? nearest(key, usual);
  if (meant !== undefined) return `Did you mean '${meant}'?`;
  return `The known keys are ${known.join(', ')}.`;
}
