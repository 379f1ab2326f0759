import { isFolder } from '../files/index.ts';
import { whereUsable } from './disk.ts';
import { refuseOthers } from './own-folder.ts';
import { placesIn, type StorePlaces } from './places.ts';
import type { StoredBlob } from './prune/plan.ts';
import { pruneBlobs, type Pruned, type PruneOptions, scanBlobs } from './prune/prune.ts';
import { createRunFolder, liveRuns } from './prune/run-folder.ts';
import { type StoreCheck, verifyBlobs, type VerifyOptions } from './verify.ts';

/** What is in a store. */
export interface StoreContent {
  readonly blobs: readonly StoredBlob[];
  /** Live runs that use it. */
  readonly runs: number;
}

/** Lists a store; changes nothing. A folder that does not exist is an empty store. Throws `machine`. */
export function listStore(folder: string): Promise<StoreContent> {
  return onStore(folder, async (places) => ({
    blobs: await scanBlobs(places),
    runs: (await liveRuns(places)).length,
  }));
}

/** Hashes every blob of a store and drops the damaged ones. Throws `machine`, and what aborts it. */
export function verifyStore(folder: string, options: VerifyOptions = {}): Promise<StoreCheck> {
  return onStore(folder, (places) => verifyBlobs(places, options));
}

/** Removes blobs from a store as `pruneBlobs` does, and what killed runs have left. Throws `machine`. */
export function pruneStore(folder: string, options: PruneOptions): Promise<Pruned> {
  return onStore(folder, async (places) => {
    if (!(await isFolder(places.blobs))) return { removed: NOTHING, kept: NOTHING, linked: NOTHING };
    const run = await createRunFolder(places);
    try {
      return await pruneBlobs(places, run, options);
    } finally {
      await run.remove();
    }
  });
}

const NOTHING = { blobs: 0, bytes: 0 };

function onStore<T>(folder: string, work: (places: StorePlaces) => Promise<T>): Promise<T> {
  return whereUsable(folder, async () => {
    await refuseOthers(folder);
    return work(placesIn(folder));
  });
}
