import type { Digest, BlobSize } from '../oci/digest.ts';
import { packHex } from './keys.ts';

/** Blobs that are saved as one entry. */
export interface Pack {
  readonly hex: string;
  /** 0, or more where entries of the same blobs were damaged. */
  readonly form: number;
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

export function packOf(blobs: readonly BlobSize[], form = 0): Pack {
  const sizes = new Map(blobs.map(({ digest, size }) => [digest, size]));
  return { hex: packHex(sizes.keys()), form, blobs: sizes };
}

/**
 * The bytes that may be read of a pack: those that the catalogue names. It may claim anything, but only a pack that is a
 * single blob has more than `PACK_BYTES`, and the sizes of wanted blobs are told by manifests.
 */
export function bytesAllowed(pack: Pack, wanted: ReadonlyMap<Digest, number>): number {
  const needed = bytesOf({ blobs: wanted });
  return Math.max(needed, Math.min(bytesOf(pack), PACK_BYTES));
}

export interface PackPlan {
  /** Packs in the cache that stay in use. */
  readonly kept: readonly Pack[];
  /** Packs to save. */
  readonly fresh: readonly Pack[];
  /** Bytes for which the cache has no room. */
  readonly excessBytes: number;
}

/**
 * Which packs stay, and which new packs hold the blobs that are in none of them.
 * @param wanted large content of a run; `whole` is false where images failed, so that what they have in the cache stays as
 *   long as there is room
 * @param known packs that are in the cache
 * @param spoilt packs whose entries hold something else: the form of each, by `hex`
 */
export function planPacks(
  { blobs, whole }: { readonly blobs: readonly BlobSize[]; readonly whole: boolean },
  known: readonly Pack[],
  spoilt: ReadonlyMap<string, number>,
  maxBytes: number = MAX_CACHE_BYTES,
): PackPlan {
  const live = new Set(blobs.map(({ digest }) => digest));
  const planWith = (kept: readonly Pack[]): PackPlan => {
    const packed = new Set(kept.flatMap((pack) => [...pack.blobs.keys()]));
    const unseen = divideIntoPacks(blobs.filter(({ digest }) => !packed.has(digest)));
    const savable = unseen.map((pack) => ({ ...pack, form: (spoilt.get(pack.hex) ?? -1) + 1 }));
    const { fitting, left } = within(savable, sumOf(kept), maxBytes);
    return { kept, fresh: fitting, excessBytes: sumOf(left) };
  };
  const plan = whole ? undefined : planWith(known);
  // An image that fails every night must not fill the cache with what nothing needs any more.
  return plan?.excessBytes === 0 ? plan : planWith(packsToKeep(known, live));
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
  return groups.map((group) => packOf(group));
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
