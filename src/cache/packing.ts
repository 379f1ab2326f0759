import type { Digest } from '../oci/digest.ts';
import { packHex } from './keys.ts';

export interface BlobSize {
  readonly digest: Digest;
  readonly size: number;
}

/** Blobs that are saved as one entry. */
export interface Pack {
  readonly hex: string;
  readonly blobs: ReadonlyMap<Digest, number>;
}

/**
 * A pack's bytes, unless one blob alone has more. Far below the gigabyte that would do, since saving needs a second copy
 * on disk for as long as it lasts, begins when the last blob has landed, and packs are read side by side.
 */
export const PACK_BYTES = 256 * 1024 * 1024;

/** With more packs than this the smaller ones are joined: each costs a reader some requests. */
export const MANY_PACKS = 48;

export function bytesOf({ blobs }: Pack): number {
  return [...blobs.values()].reduce((sum, size) => sum + size, 0);
}

export function packOf(blobs: readonly BlobSize[]): Pack {
  const sizes = new Map(blobs.map(({ digest, size }) => [digest, size]));
  return { hex: packHex(sizes.keys()), blobs: sizes };
}

/**
 * Divides blobs into packs, in their order: what belongs to one image stays together, and goes together when the image
 * goes. Every blob is in one pack, however often it is given. The same blobs in the same order give the same packs.
 */
export function divideIntoPacks(blobs: readonly BlobSize[], packBytes: number = PACK_BYTES): Pack[] {
  const packs: Pack[] = [];
  const seen = new Set<Digest>();
  let open: BlobSize[] = [];
  let bytes = 0;
  const close = (): void => {
    if (open.length > 0) packs.push(packOf(open));
    open = [];
    bytes = 0;
  };
  for (const blob of blobs) {
    if (seen.has(blob.digest)) continue;
    seen.add(blob.digest);
    if (bytes + blob.size > packBytes) close();
    open.push(blob);
    bytes += blob.size;
  }
  close();
  return packs;
}

/**
 * The packs that stay. Left out are those of which less than half is in use, and, where there are many, the smaller
 * half: what is in use of them is to be packed anew.
 */
export function packsToKeep(packs: readonly Pack[], live: ReadonlySet<Digest>): Pack[] {
  const used = packs.filter((pack) => {
    const bytes = [...pack.blobs].reduce((sum, [digest, size]) => sum + (live.has(digest) ? size : 0), 0);
    return bytes > 0 && bytes * 2 >= bytesOf(pack);
  });
  if (used.length <= MANY_PACKS) return used;
  const small = new Set(used.toSorted((a, b) => bytesOf(a) - bytesOf(b)).slice(0, used.length / 2));
  return used.filter((pack) => !small.has(pack));
}

/**
 * A pack under other keys, in two halves, since what is saved under a key can never be replaced. Of a pack of one blob
 * there is no other form: none is returned.
 */
export function halved({ blobs }: Pack): Pack[] {
  const all = [...blobs].map(([digest, size]) => ({ digest, size }));
  const middle = Math.ceil(all.length / 2);
  return all.length < 2 ? [] : [packOf(all.slice(0, middle)), packOf(all.slice(middle))];
}

/** The first packs that have room below `maxBytes`, beside `usedBytes`, and those that have none. */
export function within(
  packs: readonly Pack[],
  usedBytes: number,
  maxBytes: number,
): { readonly fitting: Pack[]; readonly left: Pack[] } {
  const [fitting, left]: [Pack[], Pack[]] = [[], []];
  let bytes = usedBytes;
  for (const pack of packs) {
    const more = bytes + bytesOf(pack);
    if (more > maxBytes) {
      left.push(pack);
    } else {
      fitting.push(pack);
      bytes = more;
    }
  }
  return { fitting, left };
}
