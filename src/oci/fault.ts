import type { z } from 'zod';
import { isDigest, shortDigest } from './digest.ts';

/** How people call the parts that a manifest lists. */
const ROLES = new Map<PropertyKey, string>([
  ['layers', 'layer'],
  ['manifests', 'child'],
]);

/**
 * What is wrong with a manifest, as the end of a sentence: `layers.1.size is not a number of bytes (layer 2, sha256:…)`.
 * The words are those of our schemas: a parser's own say what it expected, and may quote the content.
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
