import { setTimeout } from 'node:timers/promises';
import pLimit from 'p-limit';
import { OciSaveError } from '../errors.ts';
import { hexOf } from '../oci/digest.ts';
import { type Aside, openAside } from './aside.ts';
import { type FileLock, stateOf, takeFileLock } from './file-lock.ts';
import { forgetStamps } from './journal.ts';
import type { StorePlaces } from './places.ts';
import { choosePruned, countedBytes, type PruneRule } from './prune-plan.ts';
import type { RunFolder } from './run-folder.ts';
import { scanBlobs, type StoredBlob } from './scan.ts';
import { forgetServed } from './served.ts';
import { foldUses, pinnedBlobs, wantsFolding } from './uses.ts';

export interface Pruned {
  readonly removed: { readonly blobs: number; readonly bytes: number };
  /** What stays and counts towards a limit: no bundle links it. */
  readonly kept: { readonly blobs: number; readonly bytes: number };
  /** What stays because bundles link it; it costs the store no space of its own. */
  readonly linked: { readonly blobs: number; readonly bytes: number };
}

export interface PruneOptions {
  readonly rule: PruneRule;
  /** Only tell what would be removed. */
  readonly dryRun?: boolean;
}

/** A prune holds its lock while it renames files: far shorter. Older ones were left by machines that died. */
const LOCK_MILLISECONDS = 60_000;
const POLL_MILLISECONDS = 10;
const PARALLEL = 16;

/** Folds the lists of runs where they have become many, and removes the lock of a prune that died. */
export async function tidy(places: StorePlaces): Promise<void> {
  const state = await stateOf(places.pruneLock, LOCK_MILLISECONDS);
  const many = await wantsFolding(places);
  if (state === 'held' || (state === 'free' && !many)) return;
  const lock = await takeFileLock(places.pruneLock, LOCK_MILLISECONDS);
  if (!('release' in lock)) return;
  try {
    if (many) await foldUses(places);
  } finally {
    await lock.release();
  }
}

/** Resolves when no prune is choosing, so that what was pinned before is seen by every later one. */
export async function pruneSettled({ pruneLock }: StorePlaces): Promise<void> {
  while ((await stateOf(pruneLock, LOCK_MILLISECONDS)) === 'held') await setTimeout(POLL_MILLISECONDS);
}

/**
 * Removes blobs from a store as a rule says, but none that a run at work has pinned and none that a bundle links. Waits
 * for another prune; throws `machine` where that one does not end.
 *
 * A run pins a blob, waits for a prune that is choosing, and looks then whether the blob is there. A prune takes its
 * lock and reads the pins after that: so it sees the pin, or the run waits for it. Each blob is first taken out of
 * reach and its pins and links looked at once more, so that not even a lock that was taken over costs a pinned blob.
 */
export async function pruneBlobs(
  places: StorePlaces,
  run: RunFolder,
  { rule, dryRun = false }: PruneOptions,
): Promise<Pruned> {
  const blobs = await scanBlobs(places);
  const chosen = choosePruned(blobs, await pinnedBlobs(places), rule);
  if (dryRun || chosen.length === 0) return outcome(blobs, chosen);
  const aside = await openAside(run.folder, places.blobs);
  const lock = await lockPrune(places);
  let removed: StoredBlob[];
  try {
    removed = await takeOut(chosen, aside, places);
    await foldUses(places);
  } finally {
    await lock.release();
  }
  // Nobody can reach them any more, so nobody waits for the disk.
  await aside.remove();
  const gone = new Set(removed.map(({ digest }) => hexOf(digest)));
  await forgetStamps(places.journal, gone);
  await forgetServed(places.served, gone);
  return outcome(blobs, removed);
}

async function takeOut(
  chosen: readonly StoredBlob[],
  aside: Aside,
  places: StorePlaces,
): Promise<StoredBlob[]> {
  const limit = pLimit(PARALLEL);
  const pinned = await pinnedBlobs(places);
  const taken = new Set<StoredBlob>();
  const take = async (blob: StoredBlob): Promise<void> => {
    if (await aside.take(hexOf(blob.digest))) taken.add(blob);
  };
  const takes = chosen
    .filter(({ digest }) => !pinned.has(hexOf(digest)))
    .map((blob) => limit(() => take(blob)));
  try {
    const failed = (await Promise.allSettled(takes)).find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') throw failed.reason;
    const late = await pinnedBlobs(places);
    for (const blob of taken) {
      const hex = hexOf(blob.digest);
      if (!late.has(hex) && (await aside.links(hex)) === 1) continue;
      await aside.putBack(hex);
      taken.delete(blob);
    }
  } catch (error) {
    for (const { digest } of taken) await aside.putBack(hexOf(digest));
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
