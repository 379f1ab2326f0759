import { z } from 'zod';
import { OciSaveError } from '../errors.ts';
import { quoteText } from '../oci/reference-quote.ts';
import { jsonIn } from '../text/json-in.ts';
import type { OwnFileKind } from '../text/own-file-kind.ts';
import { type Lock, lockSchema } from './schema.ts';

/** A lock of tens of thousands of images stays below. */
export const MAX_LOCK_BYTES = 256 * 1024 * 1024;

/** How every lock begins that we wrote. */
const START = /^\{\n {2}"version": \d+,\n {2}"images": \[(?:\],\n {2}"files": |\n {4}\{\n {6}"ref": ")/;

/** A lock of any version has this. */
const anyLock = z.looseObject({
  version: z.int(),
  images: z.array(z.looseObject({ ref: z.string(), names: z.array(z.string()), digest: z.string() })),
  blobs: z.record(z.string(), z.number()),
});

/** How a lock is recognised: by its start, even if it is cut off, or by what every version of it has. */
export const LOCK_FILE_KIND: OwnFileKind = {
  noun: 'a lock of oci-save',
  matches: (bytes, isWhole) =>
    beginsAsLock(bytes.toString('utf8')) || (isWhole && anyLock.safeParse(jsonIn(bytes)).success),
};

/** Whether a text begins as the locks that we write. */
export function beginsAsLock(text: string): boolean {
  return START.test(text);
}

/** What to do about a lock that is not valid. */
export const LOCK_HINT =
  'It was changed, or something else wrote it. Save the images again, or get it again from where it was saved.';

/**
 * Reads a lock's bytes, which are untrusted until then.
 * @throws OciSaveError `usage` where they are not a lock; the message names `file`, the image and its field
 */
export function parseLock(bytes: Uint8Array, file: string): Lock {
  // Undefined where it is not JSON: the parser's own message would quote the text.
  const json = jsonIn(bytes);
  if (json === undefined) {
    throw new OciSaveError({
      code: 'usage',
      message: `${file} is not a valid lock: it is not JSON`,
      hint: LOCK_HINT,
    });
  }
  const checked = checkLock(json);
  if ('lock' in checked) return checked.lock;
  throw new OciSaveError({ code: 'usage', message: `${file} ${checked.fault}`, hint: LOCK_HINT });
}

/** The lock in a JSON value of a stranger; else what is wrong with it, as the end of a sentence. */
export function checkLock(json: unknown): { readonly lock: Lock } | { readonly fault: string } {
  const parsed = lockSchema.safeParse(json);
  if (parsed.success) return { lock: parsed.data };
  return { fault: `is not a valid lock of version 1: ${describeIssue(parsed.error, json)}` };
}

type Issue = z.core.$ZodIssue;

/** A field's name that a message can contain as it is. */
const PLAIN_KEY = /^\w{1,40}$/;

/**
 * The first fault that the lock's schema found in `json`, in our own words: the field, what is wrong with it, and its
 * value, escaped and cut.
 */
function describeIssue({ issues: [issue] }: z.ZodError, json: unknown): string {
  if (issue === undefined) return 'it does not fit the format';
  const field = fieldName(issue.path);
  const what = wordsOf(issue);
  const value = issue.code === 'custom' ? valueAt(json, issue.path) : undefined;
  const shown = typeof value === 'string' ? `: ${quoteText(value)}` : '';
  return `${field === '' ? 'it' : field} ${what}${shown}`;
}

/** Our words for the validator's codes; any other code means a missing value or one of another type. */
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

/** `images[3].leaves[0].config`; a key that is not a plain word is quoted. */
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

/** The value at a path; undefined where there is none. */
function valueAt(json: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, key)
        ? Reflect.get(value, key)
        : undefined,
    json,
  );
}
