import { lstat, readdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import pLimit from 'p-limit';
import { OciSaveError } from '../../errors.ts';
import { unlessGone } from '../../files/index.ts';
import { type Digest, hexOf, isDigest } from '../../oci/digest.ts';
import { type FileLock, lockState, takeFileLock } from '../file-lock.ts';
import { isHex, type StorePlaces } from '../places.ts';
import { keepRecords } from '../records/record-file.ts';
import { foldUses, hasManyLists, lastUses, leasedBlobs } from './leases.ts';
import { choosePruned, countedBytes, type PruneRule, type StoredBlob } from './plan.ts';
import { openQuarantine, type Quarantine } from './quarantine.ts';
import type { RunFolder } from './run-folder.ts';

interface BlobCount {
  readonly blobs: number;
  readonly bytes: number;
}

export interface Pruned {
  readonly removed: BlobCount;
  /** What stays and counts towards a limit: no bundle links it. */
  readonly kept: BlobCount;
  /** What stays because bundles link it; it costs the store no space. */
  readonly linked: BlobCount;
}

export interface PruneOptions {
  readonly rule: PruneRule;
  /** Only say what would be removed. */
  readonly dryRun?: boolean;
}

/** A prune holds its lock while it renames files, which is far shorter. Machines that died have left older ones. */
const LOCK_MILLISECONDS = 60_000;
const POLL_MILLISECONDS = 10;
/** File operations at once: beyond this the file system gains nothing. */
const PARALLEL = 16;

/** Every blob of a store, in no order; none where there is no store. Hashes nothing. */
export async function scanBlobs(places: StorePlaces): Promise<StoredBlob[]> {
  const names = (await unlessGone(readdir(places.blobs))) ?? [];
  const uses = await lastUses(places);
  const found = await pLimit(PARALLEL).map(names.filter(isHex), async (hex): Promise<StoredBlob[]> => {
    const stats = await unlessGone(lstat(path.join(places.blobs, hex)));
    if (!stats?.isFile()) return [];
    const digest: Digest = `sha256:${hex}`;
    return [{ digest, size: stats.size, linked: stats.nlink > 1, lastUsed: uses.get(hex) ?? 0 }];
  });
  return found.flat();
}

/** Folds the lists of runs and records where they have become many, and removes the lock of a prune that died. */
export async function tidy(places: StorePlaces, run: RunFolder): Promise<void> {
  const state = await lockState(places.pruneLock, LOCK_MILLISECONDS);
  const many = await hasManyLists(places);
  if (state === 'held' || (state === 'free' && !many)) return;
  const lock = await takeFileLock(places.pruneLock, LOCK_MILLISECONDS);
  if (!('release' in lock)) return;
  try {
    if (!many) return;
    await foldUses(places);
    await forgetAbsent(places, run);
  } finally {
    await lock.release();
  }
}

/**
 * Forgets what is recorded of blobs that are gone. For the holder of the prune's lock, and only where no other run has a
 * folder: runs append without a lock, a run that starts now waits for the lock before it reads, and one that was killed
 * may have blobs out of reach that are put back.
 */
async function forgetAbsent(places: StorePlaces, run: RunFolder): Promise<void> {
  if ((await readdir(places.runs)).some((name) => name !== run.name)) return;
  const here = new Set(await readdir(places.blobs));
  await keepRecords(places.journal, (hex) => here.has(hex));
  await keepRecords(places.served, (_, digest) => !isDigest(digest) || here.has(hexOf(digest)));
  await keepRecords(places.origins, (hex) => here.has(hex));
}

/** Resolves when no prune holds its lock, so that every later one sees the leases that were written before. */
export async function pruneSettled({ pruneLock }: StorePlaces): Promise<void> {
  while ((await lockState(pruneLock, LOCK_MILLISECONDS)) === 'held') await setTimeout(POLL_MILLISECONDS);
}

/**
 * Removes blobs from a store as a rule says, but none that a live run has leased and none that a bundle links. Waits for
 * another prune; throws `machine` where that one does not end.
 *
 * A run leases a blob, waits for a prune that is choosing, and then looks whether the blob is there. A prune takes its
 * lock and reads the leases after that: so it sees the lease, or the run waits for it. Each blob is first taken out of
 * reach and its leases and links are read once more, so that not even a lock that was taken over costs a leased blob.
 */
export async function pruneBlobs(
  places: StorePlaces,
  run: RunFolder,
  { rule, dryRun = false }: PruneOptions,
): Promise<Pruned> {
  const blobs = await scanBlobs(places);
  const chosen = choosePruned(blobs, await leasedBlobs(places), rule);
  if (dryRun || chosen.length === 0) return outcome(blobs, chosen);
  const quarantine = await openQuarantine(run.folder, places.blobs);
  const lock = await lockPrune(places);
  let removed: StoredBlob[];
  try {
    removed = await takeOut(chosen, quarantine, places);
    await foldUses(places);
  } finally {
    await lock.release();
  }
  // Nobody can reach them any more, so nobody waits for the disk.
  await quarantine.remove();
  // Now that no kill brings them back.
  const again = await lockPrune(places);
  try {
    await forgetAbsent(places, run);
  } finally {
    await again.release();
  }
  return outcome(blobs, removed);
}

async function takeOut(
  chosen: readonly StoredBlob[],
  quarantine: Quarantine,
  places: StorePlaces,
): Promise<StoredBlob[]> {
  const limit = pLimit(PARALLEL);
  const leased = await leasedBlobs(places);
  const taken = new Set<StoredBlob>();
  const takes = chosen
    .filter(({ digest }) => !leased.has(hexOf(digest)))
    .map((blob) =>
      limit(async () => {
        if (await quarantine.take(hexOf(blob.digest))) taken.add(blob);
      }),
    );
  try {
    const failed = (await Promise.allSettled(takes)).find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') throw failed.reason;
    const late = await leasedBlobs(places);
    for (const blob of taken) {
      const hex = hexOf(blob.digest);
      if (!late.has(hex) && (await quarantine.links(hex)) === 1) continue;
      await quarantine.putBack(hex);
      taken.delete(blob);
    }
  } catch (error) {
    for (const { digest } of taken) await quarantine.putBack(hexOf(digest));
    throw error;
  }
  return [...taken];
}

async function lockPrune({ pruneLock }: StorePlaces): Promise<FileLock> {
  const until = performance.now() + LOCK_MILLISECONDS;
  for (;;) {
    const lock = await takeFileLock(pruneLock, LOCK_MILLISECONDS);
    if ('release' in lock) return lock;
    if (performance.now() > until) {
      const by = lock.holder === undefined ? '' : ` (process ${lock.holder.pid} on ${lock.holder.host})`;
      throw new OciSaveError({
        code: 'machine',
        message: `another prune of this store does not end${by}`,
        hint: `If no such process lives, remove ${pruneLock}.`,
      });
    }
    await setTimeout(POLL_MILLISECONDS);
  }
}

function outcome(blobs: readonly StoredBlob[], removed: readonly StoredBlob[]): Pruned {
  const linked = blobs.filter((blob) => blob.linked);
  const bytes = (of: readonly StoredBlob[]): number => of.reduce((sum, { size }) => sum + size, 0);
  return {
    removed: { blobs: removed.length, bytes: bytes(removed) },
    kept: {
      blobs: blobs.length - linked.length - removed.length,
      bytes: countedBytes(blobs) - bytes(removed),
    },
    linked: { blobs: linked.length, bytes: bytes(linked) },
  };
}
