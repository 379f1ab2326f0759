import type { Digest } from '../oci/digest.ts';

/** The strong entity tag of content that is addressed by its digest. */
export function entityTag(digest: Digest): string {
  return `"${digest}"`;
}

/** Whether an `If-None-Match` header names this content, so that the response is 304 (RFC 9110, 13.1.2). */
export function isUnmodified(ifNoneMatch: string | undefined, digest: Digest): boolean {
  if (ifNoneMatch === undefined) return false;
  return ifNoneMatch
    .split(',')
    .map((tag) => tag.trim().replace(/^W\//, ''))
    .some((tag) => tag === '*' || tag === entityTag(digest));
}

/** Whether a `Range` may be honoured beside this `If-Range` (RFC 9110, 13.1.5). Blobs have no dates here. */
export function isRangeCurrent(ifRange: string | string[] | undefined, digest: Digest): boolean {
  return ifRange === undefined || ifRange === entityTag(digest);
}

/** Which part of a blob is to be sent. Positions are byte offsets, both ends included. */
export type RangeChoice =
  | { readonly kind: 'whole' }
  | { readonly kind: 'unsatisfiable' }
  | { readonly kind: 'part'; readonly start: number; readonly end: number };

const WHOLE: RangeChoice = { kind: 'whole' };
const UNSATISFIABLE: RangeChoice = { kind: 'unsatisfiable' };

/**
 * Reads a `Range` header for a blob of `size` bytes (RFC 9110, 14.2): one range, open ended or a suffix. Another unit
 * than bytes, and several ranges at once, are ignored, which the RFC allows; a malformed range is refused, as zot does.
 */
export function chooseRange(header: string | undefined, size: number): RangeChoice {
  const [, set] = /^bytes=(.*)$/i.exec(header ?? '') ?? [];
  if (set === undefined || set.includes(',')) return WHOLE;
  const [matched, first, last] = /^(\d*)-(\d*)$/.exec(set) ?? [];
  if (matched === undefined || first === undefined || last === undefined) return UNSATISFIABLE;
  if (first === '') return last === '' ? UNSATISFIABLE : suffix(Number(last), size);
  const start = Number(first);
  const end = last === '' ? size - 1 : Number(last);
  // An end before the start is malformed, not merely beyond the blob.
  if (end < start || start >= size) return UNSATISFIABLE;
  return { kind: 'part', start, end: Math.min(end, size - 1) };
}

function suffix(length: number, size: number): RangeChoice {
  if (length === 0 || size === 0) return UNSATISFIABLE;
  return { kind: 'part', start: Math.max(0, size - length), end: size - 1 };
}
