import { type Inventory, takeInventory } from '../../../copy/index.ts';
import type { Lock } from '../../../lock/index.ts';
import type { Resolution } from '../../../resolve/index.ts';
import { keepableOf } from './cacheable.ts';
import type { Copying } from './copying.ts';
import type { Run } from '../run.ts';
import { needsOf, requireSpace } from '../need/space.ts';
import { verifyBeside } from './verify-beside.ts';

/**
 * Checks that there is room for what is missing, brings what the cache has of it, says what is left, and brings that.
 * Meanwhile the cache takes what it has not seen, and what was here before is hashed where nothing else will read it.
 * Throws `machine` where there is no room.
 */
export async function copyMissing(
  copying: Copying,
  lock: Lock,
  resolution: Resolution,
  inventory: Inventory,
  run: Run,
): Promise<void> {
  const { session, cache, output, places, io } = run;
  const missingBytes = sum(inventory.missing);
  const totalBytes = missingBytes + inventory.stored.bytes;
  const volumes = { store: session.store, staging: output?.staging, archive: places.archive };
  await requireSpace(await needsOf({ ...volumes, missingBytes, totalBytes }));
  const verification = await verifyBeside(lock, inventory, run);
  try {
    await cache.restoreBlobs(inventory.missing);
    const left = await takeInventory(lock, session.store, cache.restored);
    io.emit({
      type: 'plan',
      fetch: { blobs: left.missing.length, bytes: sum(left.missing) },
      stored: left.stored,
      images: lock.images.length,
    });
    cache.keep(await keepableOf(resolution, run), {
      missing: new Set(left.missing.map(({ digest }) => digest)),
      bytes: sum(left.missing) + (places.archive === undefined ? 0 : totalBytes),
    });
    await copying.copy(left);
    if ((await verification.lost) > 0) await copying.again();
  } finally {
    await verification.stop();
  }
  cache.copied();
}

function sum(blobs: Inventory['missing']): number {
  return blobs.reduce((bytes, { size }) => bytes + size, 0);
}
