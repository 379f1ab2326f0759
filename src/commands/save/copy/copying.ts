import pLimit from 'p-limit';
import { copyBlobs, type CopyResult, type Inventory, takeInventory } from '../../../copy/index.ts';
import type { Lock } from '../../../lock/index.ts';
import type { Digest } from '../../../oci/digest.ts';
import type { Resolution } from '../../../resolve/index.ts';
import { copyContext } from '../contexts.ts';
import type { Run } from '../run.ts';

/** The copying of one run. It goes on where a blob of the store turns out to be damaged later. */
export interface Copying {
  /** What came of all of it so far. */
  readonly result: CopyResult;
  /** Brings what is missing. */
  copy(inventory: Inventory): Promise<void>;
  /** Brings back what has gone from the store since, and could be had until then. Throws what ends the run. */
  again(): Promise<void>;
  /** The same for one blob that was dropped, once, whoever asks. Throws why it cannot be had. */
  bringBack(digest: Digest): Promise<void>;
}

/** `lock` names what is to be in the store. */
export function createCopying(lock: Lock, { resolved }: Resolution, run: Run): Copying {
  const movers = new Map<Digest, 'skopeo' | 'direct'>();
  const failures = new Map<Digest, unknown>();
  const brought = new Map<Digest, Promise<void>>();
  // Two copies of one image at once would share a folder.
  const oneAtATime = pLimit(1);

  const copy = async (inventory: Inventory, wanted: Lock): Promise<void> => {
    const result = await copyBlobs(wanted, inventory, copyContext(run, resolved));
    for (const [digest, mover] of result.movers) movers.set(digest, mover);
    for (const [digest, failure] of result.failures) failures.set(digest, failure);
  };
  const again = async (): Promise<void> => {
    const inventory = await takeInventory(lock, run.session.store, run.cache.restored);
    const missing = inventory.missing.filter(({ digest }) => !failures.has(digest));
    if (missing.length === 0) return;
    const lost = new Set(missing.map(({ digest }) => digest));
    // Of the other images nothing is to be told again.
    const images = lock.images.filter(({ leaves }) =>
      leaves.some((leaf) => [leaf.digest, leaf.config, ...leaf.layers].some((digest) => lost.has(digest))),
    );
    await copy({ ...inventory, missing }, { ...lock, images });
  };
  const bringOne = async (digest: Digest): Promise<void> => {
    await oneAtATime(again);
    if (failures.has(digest)) throw failures.get(digest);
  };

  return {
    result: { movers, failures },
    copy: (inventory) => copy(inventory, lock),
    again: () => oneAtATime(again),
    bringBack(digest) {
      const known = brought.get(digest) ?? bringOne(digest);
      brought.set(digest, known);
      return known;
    },
  };
}
