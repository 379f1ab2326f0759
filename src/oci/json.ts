import { isDigest, shortDigest } from './digest.ts';
import type { Fault } from './go-types.ts';

/** No manifest and no config is nested deeper. Writing it again, as a narrowed index, must not exhaust the stack. */
const MAX_DEPTH = 100;

/** No manifest and no config has more keys in one object: V8 takes seconds for one with some hundred thousand. */
const MAX_KEYS = 20_000;

/** The value of JSON, or why it cannot be read, as the end of a sentence. */
export type JsonRead = { readonly value: unknown } | { readonly fault: string };

const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

/**
 * Reads JSON of a publisher. A byte order mark is a fault, since containerd, docker and zot refuse it. So is a key that
 * stands twice in an object: Go merges both values, and we would take the last one. A number that is not written as an
 * integer is Infinity, since Go takes neither 1.0 nor 1e0 for one.
 */
export function readJson(bytes: Uint8Array): JsonRead {
  if (BYTE_ORDER_MARK.every((byte, at) => bytes[at] === byte)) {
    return { fault: 'it begins with a byte order mark' };
  }
  const text = new TextDecoder().decode(bytes);
  try {
    const { fault, integersOnly } = scan(text);
    if (fault !== undefined) return { fault };
    const value: unknown = JSON.parse(text);
    return { value: integersOnly === undefined ? value : JSON.parse(integersOnly) };
  } catch {
    // The parser's own words quote the content.
    return { fault: 'it is not JSON' };
  }
}

interface Scan {
  readonly fault?: string;
  /** The text with Infinity for each other number than an integer, where it has any. A reviver takes seconds for that. */
  readonly integersOnly?: string | undefined;
}

const NUMBER = new Set('0123456789.eE+-');

/** Finds what JSON.parse does not tell. May throw where the text is not JSON. */
function scan(text: string): Scan {
  // The keys so far of each open object; a list has none.
  const open: (Set<string> | undefined)[] = [];
  const pieces: string[] = [];
  let copied = 0;
  let [from, to] = [0, 0];
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === '"') {
      [from, to] = [at, endOfString(text, at) + 1];
      at = to - 1;
    } else if (character === ':') {
      const key = unescaped(text.slice(from, to));
      const keys = open.pop() ?? new Set();
      if (keys.has(key)) return { fault: 'a key stands twice in one object' };
      open.push(keys.add(key));
      if (keys.size > MAX_KEYS) return { fault: `an object has more than ${MAX_KEYS} keys` };
    } else if (character === '[' || character === '{') open.push(undefined);
    else if (character === ']' || character === '}') open.pop();
    else if (character === '-' || (character >= '0' && character <= '9')) {
      const begin = at;
      while (NUMBER.has(text.charAt(at + 1))) at += 1;
      const literal = text.slice(begin, at + 1);
      if (/^-?\d+$/.test(literal)) continue;
      pieces.push(text.slice(copied, begin), '1e999');
      copied = at + 1;
    }
    if (open.length > MAX_DEPTH) {
      return { fault: `its values are nested deeper than ${MAX_DEPTH} levels` };
    }
  }
  return copied === 0 ? {} : { integersOnly: [...pieces, text.slice(copied)].join('') };
}

function endOfString(text: string, begin: number): number {
  for (let at = text.indexOf('"', begin + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let escapes = 0;
    while (text[at - 1 - escapes] === '\\') escapes += 1;
    if (escapes % 2 === 0) return at;
  }
  return text.length;
}

/** A key with its quotes: V8 is slow in telling many apart that are digits alone. */
function unescaped(literal: string): string {
  return literal.includes('\\') ? `"${String(JSON.parse(literal))}"` : literal;
}

/** The usual names of the parts that a manifest lists. */
const ROLES = new Map<PropertyKey, string>([
  ['layers', 'layer'],
  ['manifests', 'child'],
]);

/**
 * What is wrong with a manifest, as the end of a sentence: `layers.1.size is not a number of bytes (layer 2, sha256:…)`.
 * The words are those of our schemas: a parser's own may quote the content.
 */
export function describeFault(
  { issues: [issue] }: { readonly issues: readonly Fault[] },
  json: unknown,
): string {
  if (issue === undefined) return 'it does not fit the specification';
  const { path, message } = issue;
  const [first = '', second = ''] = path;
  const role = ROLES.get(first);
  const part =
    role !== undefined && typeof second === 'number'
      ? describePart(`${role} ${second + 1}`, own(own(json, first), second))
      : describePart('', own(json, first));
  return `${fieldOf(path)} ${message}${part === '' ? '' : ` (${part})`}`;
}

/** A part of a manifest by its name, and by its digest where it has one. */
export function describePart(name: string, descriptor: unknown): string {
  const digest = own(descriptor, 'digest');
  const short = typeof digest === 'string' && isDigest(digest) ? shortDigest(digest) : '';
  return [name, short].filter((word) => word !== '').join(', ');
}

/** The name of a field. The names of annotations are the publisher's, and left out. */
function fieldOf(path: readonly PropertyKey[]): string {
  const end = path.indexOf('annotations');
  const known = end < 0 ? path : path.slice(0, end + 1);
  return known.length === 0 ? 'it' : known.map(String).join('.');
}

function own(value: unknown, name: PropertyKey): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.getOwnPropertyDescriptor(value, name)?.value;
}
