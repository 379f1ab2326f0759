import type { BigIntStats } from 'node:fs';
import { chmod, lstat, rm } from 'node:fs/promises';
import path from 'node:path';
import { unlessGone } from '../files/index.ts';
import { type Digest, hexOf, shortDigest } from '../oci/digest.ts';
import type { BlobSize } from './blob-writer.ts';
import { hashFile } from './hash-file.ts';
import type { Journal } from './journal.ts';
import { linkOrCopyIn } from './link.ts';
import type { Pins } from './pins.ts';

/** The blobs of a store under their names, and which of them this run has seen right. */
export interface Shelf {
  pathOf(digest: Digest): string;
  /** No prune takes the blob from now on, and it counts as used by this run. */
  pin(digest: Digest): Promise<void>;
  /** The blob's file as it is now; undefined where there is none. */
  statOf(digest: Digest): Promise<BigIntStats | undefined>;
  /** Whether the blob is here and right. Its file is hashed where it is not trusted, and dropped where it is wrong. */
  look(blob: BlobSize, trust: Trust, signal?: AbortSignal): Promise<boolean>;
  /** Whether the bytes of this file were found right in this run. */
  isSeen(digest: Digest, stats: BigIntStats): boolean;
  /** Notes that they were just found right; `stats` are from before they were read. */
  noteRight(digest: Digest, stats: BigIntStats): Promise<void>;
  /** Removes what was found wrong, if it still stands there: another may have brought a right one meanwhile. */
  drop(digest: Digest, found: BigIntStats, why: string): Promise<void>;
  /**
   * Gives a verified file the blob's name; where two runs bring one blob, the first stays, if it is right. `stats` are
   * from before the hash, so that whatever is done to the file later shows.
   */
  enter(file: string, blob: BlobSize, stats: BigIntStats): Promise<void>;
  /** Whether the blob came in by `enter`, and was not here before. */
  isNew(digest: Digest): boolean;
}

/** `stamp`: a file that looks as when it was hashed last, in whichever run. `run`: one that this run has hashed. */
export type Trust = 'stamp' | 'run';

export interface ShelfParts {
  readonly folder: string;
  readonly runFolder: string;
  readonly journal: Journal;
  readonly pins: Pins;
  /** `isLinked`: a bundle has the same file, with the same wrong bytes. */
  readonly onHealed: (digest: Digest, why: string, isLinked: boolean) => void;
}

/** A link would lead a bundle out of itself; a folder or a pipe is nobody's blob. */
export const NO_FILE = 'it is no regular file';

export function openShelf({ folder, runFolder, journal, pins, onHealed }: ShelfParts): Shelf {
  const seen = new Set<Digest>();
  const entered = new Set<Digest>();
  const pathOf = (digest: Digest): string => path.join(folder, hexOf(digest));
  const statOf = (digest: Digest): Promise<BigIntStats | undefined> =>
    unlessGone(lstat(pathOf(digest), { bigint: true }));
  const vouches = (digest: Digest, stats: BigIntStats): boolean => journal.vouches(hexOf(digest), stats);

  const shelf: Shelf = {
    pathOf,
    statOf,
    pin: (digest) => pins.add(hexOf(digest)),
    isNew: (digest) => entered.has(digest),
    isSeen: (digest, stats) => seen.has(digest) && vouches(digest, stats),
    async noteRight(digest, stats) {
      await journal.note(hexOf(digest), stats);
      seen.add(digest);
    },
    async drop(digest, found, why) {
      const now = await statOf(digest);
      if (now === undefined || now.ino !== found.ino) return;
      await rm(pathOf(digest), { recursive: true, force: true });
      onHealed(digest, why, found.isFile() && found.nlink > 1n);
    },
    async look({ digest, size }, trust, signal) {
      await shelf.pin(digest);
      const stats = await statOf(digest);
      if (!stats) return false;
      if (!stats.isFile()) {
        await shelf.drop(digest, stats, NO_FILE);
        return false;
      }
      const hasSize = stats.size === BigInt(size);
      if (hasSize && (trust === 'stamp' ? vouches(digest, stats) : shelf.isSeen(digest, stats))) return true;
      const actual = await unlessGone(hashFile(pathOf(digest), { signal }));
      if (actual === undefined) return false;
      if (actual.digest === digest) {
        await shelf.noteRight(digest, stats);
        // Where the size alone is another one, the manifest that tells it is wrong, and not the blob.
        return hasSize;
      }
      const what = hasSize
        ? `it hashes to ${shortDigest(actual.digest)}`
        : `it has ${stats.size} bytes instead of ${size}`;
      await shelf.drop(digest, stats, what);
      return false;
    },
    async enter(file, blob, stats) {
      const { digest } = blob;
      await shelf.pin(digest);
      const how = await linkOrCopyIn(runFolder, file, pathOf(digest));
      const named = await statOf(digest);
      // One that a prune has out of reach is put back: it is pinned.
      if (named === undefined) return;
      if (how === 'linked' && named.ino !== stats.ino) {
        // Another file has the name. Where it is wrong, the right one is at hand.
        if (!(await shelf.look(blob, 'run'))) await shelf.enter(file, blob, stats);
        return;
      }
      await unlessGone(chmod(pathOf(digest), 0o644));
      await shelf.noteRight(digest, how === 'linked' ? stats : named);
      entered.add(digest);
    },
  };
  return shelf;
}
