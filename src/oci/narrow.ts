import { OciSaveError } from '../errors.ts';
import type { Digest } from './digest.ts';

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * An index with only the children in `keep`: the original JSON, its key order kept, `manifests` filtered. A child
 * that was narrowed itself is named by its new digest and size. The result's digest differs from the original's;
 * where readers refuse a sparse index, it stands in.
 */
export function narrowIndex(
  bytes: Uint8Array,
  keep: ReadonlyMap<Digest, { readonly digest: Digest; readonly size: number }>,
): Uint8Array {
  const index: unknown = JSON.parse(new TextDecoder().decode(bytes));
  if (!isRecord(index) || !Array.isArray(index['manifests'])) {
    throw new OciSaveError({ code: 'unsupported', message: 'an index without manifests cannot be narrowed' });
  }
  const byDigest = new Map<unknown, { readonly digest: Digest; readonly size: number }>(keep);
  const manifests = index['manifests'].flatMap((child: unknown) => {
    const kept = isRecord(child) ? byDigest.get(child['digest']) : undefined;
    if (!isRecord(child) || kept === undefined) return [];
    // The size is rewritten only with the digest: a source's own claims stay as they are.
    return [kept.digest === child['digest'] ? child : { ...child, ...kept }];
  });
  // A key that is assigned again stays where it stood.
  return new TextEncoder().encode(JSON.stringify({ ...index, manifests }));
}
