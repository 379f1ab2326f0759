import { stat } from 'node:fs/promises';
import { unlessGone } from '../files/index.ts';
import { refuseOthers } from './own-folder.ts';
import { placesIn, type StorePlaces } from './places.ts';
import { pruneBlobs, type Pruned, type PruneOptions } from './prune.ts';
import { createRunFolder, liveRuns } from './run-folder.ts';
import { scanBlobs, type StoredBlob } from './scan.ts';
import { whereUsable } from './unusable.ts';
import { type StoreCheck, verifyBlobs, type VerifyOptions } from './verify.ts';

/** What is in a store. */
export interface StoreContent {
  readonly blobs: readonly StoredBlob[];
  /** Runs at work on it. */
  readonly runs: number;
}

/** Lists a store; changes nothing. A folder that is not there is an empty store. Throws `machine`. */
export function listStore(folder: string): Promise<StoreContent> {
  const places = placesIn(folder);
  return whereUsable(folder, async () => {
    await refuseOthers(folder);
    return { blobs: await scanBlobs(places), runs: (await liveRuns(places)).length };
  });
}

/** Hashes every blob of a store and drops the damaged ones. Throws `machine`, and what aborts it. */
export function verifyStore(folder: string, options: VerifyOptions = {}): Promise<StoreCheck> {
  return whereUsable(folder, async () => {
    await refuseOthers(folder);
    return verifyBlobs(placesIn(folder), options);
  });
}

/** Removes blobs from a store as `pruneBlobs` does, and what runs that were killed have left. Throws `machine`. */
export function pruneStore(folder: string, options: PruneOptions): Promise<Pruned> {
  const places = placesIn(folder);
  return whereUsable(folder, async () => {
    await refuseOthers(folder);
    if (!(await isThere(places))) return { removed: NOTHING, kept: NOTHING, linked: NOTHING };
    const run = await createRunFolder(places);
    try {
      return await pruneBlobs(places, run, options);
    } finally {
      await run.remove();
    }
  });
}

const NOTHING = { blobs: 0, bytes: 0 };

async function isThere({ blobs }: StorePlaces): Promise<boolean> {
  return (await unlessGone(stat(blobs))) !== undefined;
}
