import type { Digest } from '../oci/digest.ts';

/** The strong entity tag of content that is addressed by its digest. */
export function entityTag(digest: Digest): string {
  return `"${digest}"`;
}

/** Whether an `If-None-Match` header names this content, so that 304 is the answer (RFC 9110, 13.1.2). */
export function isUnmodified(ifNoneMatch: string | undefined, digest: Digest): boolean {
  if (ifNoneMatch === undefined) return false;
  return ifNoneMatch
    .split(',')
    .map((tag) => tag.trim().replace(/^W\//, ''))
    .some((tag) => tag === '*' || tag === entityTag(digest));
}

/** Whether a `Range` may be honoured beside this `If-Range` (RFC 9110, 13.1.5). We know no dates of blobs. */
export function isRangeCurrent(ifRange: string | string[] | undefined, digest: Digest): boolean {
  return ifRange === undefined || ifRange === entityTag(digest);
}
