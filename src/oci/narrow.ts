import { OciSaveError } from '../errors.ts';
import type { Digest } from './digest.ts';

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * An index with only the children in `keep`: the original JSON, its key order kept, `manifests` filtered. Its
 * digest differs from the original's; where readers refuse a sparse index, it stands in.
 */
export function narrowIndex(bytes: Uint8Array, keep: ReadonlySet<Digest>): Uint8Array {
  const index: unknown = JSON.parse(new TextDecoder().decode(bytes));
  if (!isRecord(index) || !Array.isArray(index['manifests'])) {
    throw new OciSaveError({ code: 'unsupported', message: 'an index without manifests cannot be narrowed' });
  }
  const kept = new Set<unknown>(keep);
  const manifests = index['manifests'].filter(
    (child: unknown) => isRecord(child) && kept.has(child['digest']),
  );
  // A key that is assigned again stays where it stood.
  return new TextEncoder().encode(JSON.stringify({ ...index, manifests }));
}
