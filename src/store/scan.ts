import { lstat, readdir } from 'node:fs/promises';
import path from 'node:path';
import pLimit from 'p-limit';
import type { Digest } from '../oci/digest.ts';
import { unlessGone } from '../files/index.ts';
import { isHex, type StorePlaces } from './places.ts';
import { lastUses } from './uses.ts';

/** A blob as it lies in the store. */
export interface StoredBlob {
  readonly digest: Digest;
  readonly size: number;
  /** Whether it has further names: a bundle's, or a running copy's. The store's own costs no space then. */
  readonly linked: boolean;
  /** In milliseconds; 0 where no record tells it. */
  readonly lastUsed: number;
}

/** File operations at once: beyond this the file system gains nothing. */
const PARALLEL = 16;

/** Every blob of a store, in no order; none where there is no store. Hashes nothing. */
export async function scanBlobs(places: StorePlaces): Promise<StoredBlob[]> {
  const names = (await unlessGone(readdir(places.blobs))) ?? [];
  const uses = await lastUses(places);
  const limit = pLimit(PARALLEL);
  const found = await Promise.all(
    names.filter(isHex).map((hex) =>
      limit(async () => {
        const stats = await unlessGone(lstat(path.join(places.blobs, hex)));
        if (!stats?.isFile()) return [];
        const digest: Digest = `sha256:${hex}`;
        return [{ digest, size: stats.size, linked: stats.nlink > 1, lastUsed: uses.get(hex) ?? 0 }];
      }),
    ),
  );
  return found.flat();
}
