import { randomUUID } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { chmod, lstat, rm } from 'node:fs/promises';
import path from 'node:path';
import { unlessGone } from '../files/index.ts';
import { type Digest, hexOf, shortDigest, type BlobSize } from '../oci/digest.ts';
import { hashFile } from './blob-bytes.ts';
import type { Journal } from './records/journal.ts';
import { linkOrCopy } from './disk.ts';
import type { Lease } from './prune/leases.ts';

/** `stamp`: a file whose stamp is as when it was hashed last, in any run. `run`: one that this run has hashed. */
type Trust = 'stamp' | 'run';

export interface BlobFilesOptions {
  readonly folder: string;
  readonly runFolder: string;
  readonly journal: Journal;
  readonly lease: Lease;
  /** `isLinked`: a bundle has the same file, with the same wrong bytes. */
  readonly onHealed: (digest: Digest, why: string, isLinked: boolean) => void;
}

/** A link would lead a bundle out of itself; a folder or a pipe is never a blob. */
export const NO_FILE = 'it is not a regular file';

/** The blobs of a store under their names, and which of them this run has verified. */
export function openBlobFiles({ folder, runFolder, journal, lease, onHealed }: BlobFilesOptions) {
  const seen = new Set<Digest>();
  const entered = new Set<Digest>();
  const pathOf = (digest: Digest): string => path.join(folder, hexOf(digest));

  /** The blob's file as it is now; undefined where there is none. */
  const statOf = (digest: Digest): Promise<BigIntStats | undefined> =>
    unlessGone(lstat(pathOf(digest), { bigint: true }));

  /** Records that a blob's bytes were just found right; `stats` are from before they were read. */
  async function noteRight(digest: Digest, stats: BigIntStats): Promise<void> {
    await journal.note([[hexOf(digest), stats]]);
    seen.add(digest);
  }

  /** Removes what was found wrong, if it is still there: another run may have brought a right one meanwhile. */
  async function drop(digest: Digest, found: BigIntStats, why: string): Promise<void> {
    if ((await statOf(digest))?.ino !== found.ino) return;
    await rm(pathOf(digest), { recursive: true, force: true });
    onHealed(digest, why, found.isFile() && found.nlink > 1n);
  }

  /** Whether the blob is here and right. Its file is hashed where it is not trusted, and dropped where it is wrong. */
  async function check({ digest, size }: BlobSize, trust: Trust, signal?: AbortSignal): Promise<boolean> {
    await lease(hexOf(digest));
    const stats = await statOf(digest);
    if (!stats) return false;
    if (!stats.isFile()) {
      await drop(digest, stats, NO_FILE);
      return false;
    }
    const hasSize = stats.size === BigInt(size);
    const isTrusted = trust === 'stamp' || seen.has(digest);
    if (hasSize && isTrusted && journal.vouches(hexOf(digest), stats)) return true;
    const actual = await unlessGone(hashFile(pathOf(digest), { signal }));
    if (actual === undefined) return false;
    if (actual.digest === digest) {
      await noteRight(digest, stats);
      // Where only the size differs, the manifest that gives it is wrong, and not the blob.
      return hasSize;
    }
    const what = hasSize
      ? `it hashes to ${shortDigest(actual.digest)}`
      : `it has ${stats.size} bytes instead of ${size}`;
    await drop(digest, stats, what);
    return false;
  }

  /**
   * Gives a verified file the blob's name; where two runs bring one blob, the first stays, if it is right. `stats` are
   * from before the hash, so that any later change of the file shows.
   */
  async function enter(file: string, blob: BlobSize, stats: BigIntStats): Promise<void> {
    const { digest } = blob;
    await lease(hexOf(digest));
    const how = await linkOrCopy(file, pathOf(digest), path.join(runFolder, `copy-${randomUUID()}`));
    const named = await statOf(digest);
    // A prune that has taken the blob out of reach puts it back: it is leased.
    if (named === undefined) return;
    if (how === 'linked' && named.ino !== stats.ino) {
      // Another file has the name. Where it is wrong, the right one replaces it.
      if (!(await check(blob, 'run'))) await enter(file, blob, stats);
      return;
    }
    await unlessGone(chmod(pathOf(digest), 0o644));
    await noteRight(digest, how === 'linked' ? stats : named);
    entered.add(digest);
  }

  return {
    pathOf,
    statOf,
    noteRight,
    drop,
    check,
    enter,
    /** No prune takes the blob from now on, and it counts as used by this run. */
    lease: (digest: Digest): Promise<void> => lease(hexOf(digest)),
    /** Whether the blob came in by `enter`, and was not here before. */
    isNew: (digest: Digest): boolean => entered.has(digest),
  };
}
