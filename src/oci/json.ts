import type { z } from 'zod';
import { isDigest, shortDigest } from './digest.ts';

/** No manifest and no config is nested deeper. Writing it again, as a narrowed index, must not exhaust the stack. */
const MAX_DEPTH = 100;

/** The value of JSON, or why it cannot be read, as the end of a sentence. */
export type JsonRead = { readonly value: unknown } | { readonly fault: string };

const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

/** Reads JSON of a publisher. A byte order mark is a fault, since containerd, docker and zot refuse it. */
export function readJson(bytes: Uint8Array): JsonRead {
  if (BYTE_ORDER_MARK.every((byte, at) => bytes[at] === byte)) {
    return { fault: 'it begins with a byte order mark' };
  }
  const text = new TextDecoder().decode(bytes);
  if (isTooDeep(text)) return { fault: `its values are nested deeper than ${MAX_DEPTH} levels` };
  try {
    return { value: JSON.parse(text) };
  } catch {
    // The parser's own words quote the content.
    return { fault: 'it is not JSON' };
  }
}

function isTooDeep(text: string): boolean {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (inString) {
      if (character === '\\') at += 1;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === '[' || character === '{') depth += 1;
    else if (character === ']' || character === '}') depth -= 1;
    if (depth > MAX_DEPTH) return true;
  }
  return false;
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
export function describeFault({ issues: [issue] }: z.ZodError, json: unknown): string {
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
