import type { z } from 'zod';
import { quoteText } from '../oci/reference-quote.ts';

type Issue = z.core.$ZodIssue;

/** A field's name as it may stand in a message. */
const PLAIN_KEY = /^\w{1,40}$/;

/**
 * The first fault that a schema of the lock found in `json`, in our own words: the field, what is wrong with it, and
 * what stands there, escaped and cut.
 */
export function describeIssue({ issues: [issue] }: z.ZodError, json: unknown): string {
  if (issue === undefined) return 'it does not fit the format';
  const field = fieldName(issue.path);
  const what = wordsOf(issue);
  const value = issue.code === 'custom' ? valueAt(json, issue.path) : undefined;
  const shown = typeof value === 'string' ? `: ${quoteText(value)}` : '';
  return `${field === '' ? 'it' : field} ${what}${shown}`;
}

/** Our words for what a validator finds; whatever else it may find is a missing value or one of another type. */
const WORDS: Partial<Record<Issue['code'], string>> = {
  invalid_key: 'is not a valid sha256 digest',
  too_small: 'is smaller or shorter than the format allows',
  too_big: 'is larger or longer than the format allows',
  invalid_value: 'has a value that the format does not know',
};

function wordsOf(issue: Issue): string {
  if (issue.code === 'custom') return issue.message;
  if (issue.code === 'unrecognized_keys') {
    return `has a field that the format does not know: ${quoteText(issue.keys[0] ?? '')}`;
  }
  return WORDS[issue.code] ?? 'is missing, or of another type';
}

/** `images[3].leaves[0].config`; a key that is no plain word is quoted. */
function fieldName(path: readonly PropertyKey[]): string {
  return path
    .map((key) => {
      if (typeof key === 'number') return `[${key}]`;
      const text = String(key);
      return PLAIN_KEY.test(text) ? `.${text}` : `[${quoteText(text)}]`;
    })
    .join('')
    .replace(/^\./, '');
}

/** What stands at a path; undefined where nothing does. */
function valueAt(json: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, key)
        ? Reflect.get(value, key)
        : undefined,
    json,
  );
}
