import type { Digest, BlobSize } from '../oci/digest.ts';
import { packHex } from './keys.ts';

/** Blobs that are saved as one entry. */
export interface Pack {
  readonly hex: string;
  readonly blobs: ReadonlyMap<Digest, number>;
}

/**
 * A pack's bytes, unless one blob alone has more. Far below the possible gigabyte, since saving needs a second copy on
 * disk and starts when the last blob has landed, and several packs are read at once.
 */
export const PACK_BYTES = 256 * 1024 * 1024;

/** With more packs than this the smaller ones are joined: each costs a reader some requests. */
export const MANY_PACKS = 48;

/** Of the 10 GB that a repository has. With more, GitHub removes the oldest entries of all, those of others too. */
export const MAX_CACHE_BYTES = 8_000_000_000;

export function bytesOf({ blobs }: Pick<Pack, 'blobs'>): number {
  return [...blobs.values()].reduce((sum, size) => sum + size, 0);
}

export function sumOf(packs: readonly Pack[]): number {
  return packs.reduce((sum, pack) => sum + bytesOf(pack), 0);
}

export function packOf(blobs: readonly BlobSize[]): Pack {
  const sizes = new Map(blobs.map(({ digest, size }) => [digest, size]));
  return { hex: packHex(sizes.keys()), blobs: sizes };
}

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
 * Which packs stay, and which new packs hold the blobs that are in none of them.
 * @param wanted large content of a run; `whole` is false where images failed, so that what they have in the cache stays
 * @param known packs that are in the cache
 * @param blocked packs whose keys are taken by wrong entries, by `hex`
 */
export function planPacks(
  { blobs, whole }: { readonly blobs: readonly BlobSize[]; readonly whole: boolean },
  known: readonly Pack[],
  blocked: ReadonlySet<string>,
  maxBytes: number = MAX_CACHE_BYTES,
): PackPlan {
  const live = new Set(blobs.map(({ digest }) => digest));
  const kept = whole ? packsToKeep(known, live) : known;
  const packed = new Set(kept.flatMap((pack) => [...pack.blobs.keys()]));
  const unseen = divideIntoPacks(blobs.filter(({ digest }) => !packed.has(digest)));
  const savable = unseen.flatMap((pack) => (blocked.has(pack.hex) ? halved(pack) : [pack]));
  const { fitting, left } = within(savable, sumOf(kept), maxBytes);
  return {
    kept,
    fresh: fitting,
    excessBytes: sumOf(left),
    blockedBytes: sumOf(unseen) - sumOf(savable),
  };
}

/**
 * Divides blobs into packs, in their order: the blobs of one image stay together, and are dropped together. Every blob is
 * in one pack, however often it is given. The same blobs in the same order give the same packs.
 */
export function divideIntoPacks(blobs: readonly BlobSize[], packBytes: number = PACK_BYTES): Pack[] {
  const unique = new Map(blobs.map((blob) => [blob.digest, blob]));
  const groups: BlobSize[][] = [];
  // The first blob begins the first group.
  let bytes = Infinity;
  for (const blob of unique.values()) {
    if (bytes + blob.size > packBytes) {
      groups.push([]);
      bytes = 0;
    }
    groups.at(-1)?.push(blob);
    bytes += blob.size;
  }
  return groups.map(packOf);
}

/**
 * The packs that stay. Left out are those of which less than half is in use, and, where there are many, the smaller
 * half: their blobs that are in use are packed again.
 */
export function packsToKeep(packs: readonly Pack[], live: ReadonlySet<Digest>): Pack[] {
  const used = packs.filter((pack) => {
    const bytes = bytesOf({ blobs: new Map([...pack.blobs].filter(([digest]) => live.has(digest))) });
    return bytes > 0 && bytes * 2 >= bytesOf(pack);
  });
  if (used.length <= MANY_PACKS) return used;
  const small = new Set(used.toSorted((a, b) => bytesOf(a) - bytesOf(b)).slice(0, used.length / 2));
  return used.filter((pack) => !small.has(pack));
}

/** A pack under other keys, in two halves, since an entry can never be replaced. A pack of one blob has no halves. */
function halved({ blobs }: Pack): Pack[] {
  const all = [...blobs].map(([digest, size]) => ({ digest, size }));
  const middle = Math.ceil(all.length / 2);
  return all.length < 2 ? [] : [packOf(all.slice(0, middle)), packOf(all.slice(middle))];
}

/** The packs that fit below `maxBytes` together with `usedBytes`, the first ones first, and those that do not. */
export function within(
  packs: readonly Pack[],
  usedBytes: number,
  maxBytes: number,
): { readonly fitting: Pack[]; readonly left: Pack[] } {
  const [fitting, left]: [Pack[], Pack[]] = [[], []];
  let bytes = usedBytes;
  for (const pack of packs) {
    const fits = bytes + bytesOf(pack) <= maxBytes;
    (fits ? fitting : left).push(pack);
    if (fits) bytes += bytesOf(pack);
  }
  return { fitting, left };
}
