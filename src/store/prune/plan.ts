import { type Digest, hexOf } from '../../oci/digest.ts';

/** A blob as it is in the store. */
export interface StoredBlob {
  readonly digest: Digest;
  readonly size: number;
  /** Whether it has further names: a bundle's, or a running copy's. The store's own costs no space then. */
  readonly linked: boolean;
  /** In milliseconds; 0 where no record says it. */
  readonly lastUsed: number;
}

/** Which of the blobs that no run has leased and no bundle links a prune removes. */
export type PruneRule =
  /** The least recently used, until the others have no more bytes than these. */
  | { readonly kind: 'size'; readonly maxBytes: number }
  /** Those that no run has looked at since, in milliseconds. */
  | { readonly kind: 'unused-since'; readonly time: number }
  | { readonly kind: 'all' };

/** Bytes that a prune could free: a blob that a bundle links would stay on the disk. */
export function countedBytes(blobs: readonly StoredBlob[]): number {
  return blobs.reduce((sum, { linked, size }) => sum + (linked ? 0 : size), 0);
}

/**
 * The blobs that a rule removes; `leased` are hexes. Of those last used by one run the largest go first: manifests and
 * configs cost little to keep, and spare requests.
 */
export function choosePruned(
  blobs: readonly StoredBlob[],
  leased: ReadonlySet<string>,
  rule: PruneRule,
): StoredBlob[] {
  const free = blobs.filter(({ digest, linked }) => !linked && !leased.has(hexOf(digest)));
  switch (rule.kind) {
    case 'all':
      return free;
    case 'unused-since':
      return free.filter(({ lastUsed }) => lastUsed < rule.time);
    case 'size':
      return leastRecent(free, countedBytes(blobs) - rule.maxBytes);
  }
}

function leastRecent(free: readonly StoredBlob[], excess: number): StoredBlob[] {
  const chosen: StoredBlob[] = [];
  let left = excess;
  for (const blob of free.toSorted((a, b) => a.lastUsed - b.lastUsed || b.size - a.size)) {
    if (left <= 0) break;
    chosen.push(blob);
    left -= blob.size;
  }
  return chosen;
}
