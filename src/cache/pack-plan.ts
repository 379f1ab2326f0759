import type { Keepable } from './keepable.ts';
import { bytesOf, divideIntoPacks, halved, type Pack, packsToKeep, within } from './packing.ts';

/**
 * Of the 10 GB that a repository has. What is beyond them makes GitHub throw out the oldest entries of all, others'
 * too.
 */
export const MAX_CACHE_BYTES = 8_000_000_000;

export interface PackPlan {
  /** Packs in the cache that stay in use. */
  readonly kept: readonly Pack[];
  /** Packs to save. */
  readonly fresh: readonly Pack[];
  /** Bytes for which the cache has no room. */
  readonly excessBytes: number;
  /** Bytes whose key is taken by an entry that holds something else. */
  readonly blockedBytes: number;
}

/**
 * Which packs stay, and in which packs goes what is in none of them.
 *
 * @param known packs that are in the cache
 * @param spoilt packs whose entries are wrong, by `hex`
 */
export function planPacks(
  { blobs, whole }: Pick<Keepable, 'blobs' | 'whole'>,
  known: readonly Pack[],
  spoilt: ReadonlySet<string>,
  maxBytes: number = MAX_CACHE_BYTES,
): PackPlan {
  const live = new Set(blobs.map(({ digest }) => digest));
  const kept = whole ? packsToKeep(known, live) : known;
  const packed = new Set(kept.flatMap((pack) => [...pack.blobs.keys()]));
  const unseen = divideIntoPacks(blobs.filter(({ digest }) => !packed.has(digest)));
  const savable = unseen.flatMap((pack) => (spoilt.has(pack.hex) ? halved(pack) : [pack]));
  const { fitting, left } = within(savable, sumOf(kept), maxBytes);
  return {
    kept,
    fresh: fitting,
    excessBytes: sumOf(left),
    blockedBytes: sumOf(unseen) - sumOf(savable),
  };
}

export function sumOf(packs: readonly Pack[]): number {
  return packs.reduce((sum, pack) => sum + bytesOf(pack), 0);
}
