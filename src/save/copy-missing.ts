import { copyBlobs, type CopyResult, type Inventory } from '../copy/index.ts';
import type { Lock } from '../lock/index.ts';
import type { ResolvedImage } from '../resolve/index.ts';
import { copyContext } from './contexts.ts';
import type { Run } from './run.ts';
import { needsOf, requireSpace } from './space.ts';

/** Says what is missing, checks that there is room for it, and brings it. Throws `machine` where there is none. */
export async function copyMissing(
  lock: Lock,
  images: readonly ResolvedImage[],
  inventory: Inventory,
  run: Run,
): Promise<CopyResult> {
  const { session, output, places, io } = run;
  const missingBytes = inventory.missing.reduce((sum, { size }) => sum + size, 0);
  const totalBytes = missingBytes + inventory.stored.bytes;
  io.emit({
    type: 'plan',
    fetch: { blobs: inventory.missing.length, bytes: missingBytes },
    stored: inventory.stored,
    images: lock.images.length,
  });
  const volumes = { store: session.store, staging: output?.staging, archive: places.archive };
  await requireSpace(await needsOf({ ...volumes, missingBytes, totalBytes }));
  return copyBlobs(lock, inventory, copyContext(run, images));
}
