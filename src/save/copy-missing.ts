import { copyBlobs, type CopyResult, type Inventory, takeInventory } from '../copy/index.ts';
import type { Lock } from '../lock/index.ts';
import type { Resolution } from '../resolve/index.ts';
import { keepableOf } from './cacheable.ts';
import { copyContext } from './contexts.ts';
import type { Run } from './run.ts';
import { needsOf, requireSpace } from './space.ts';

/**
 * Checks that there is room for what is missing, brings what the cache has of it, says what is left, and brings that.
 * Meanwhile the cache takes what it has not seen. Throws `machine` where there is no room.
 */
export async function copyMissing(
  lock: Lock,
  resolution: Resolution,
  inventory: Inventory,
  run: Run,
): Promise<CopyResult> {
  const { session, cache, output, places, io } = run;
  const missingBytes = sum(inventory.missing);
  const totalBytes = missingBytes + inventory.stored.bytes;
  const volumes = { store: session.store, staging: output?.staging, archive: places.archive };
  await requireSpace(await needsOf({ ...volumes, missingBytes, totalBytes }));
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
  const copied = await copyBlobs(lock, left, copyContext(run, resolution.resolved));
  cache.copied();
  return copied;
}

function sum(blobs: Inventory['missing']): number {
  return blobs.reduce((bytes, { size }) => bytes + size, 0);
}
