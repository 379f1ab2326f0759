import { findMissingBlobs, type MissingBlobs } from '../../../copy/index.ts';
import type { Resolution, ResolvedImage } from '../../../resolve/index.ts';
import { needsOf, requireSpace } from '../need/space.ts';
import type { Run } from '../run.ts';
import { keepableOf } from './cacheable.ts';
import type { Copying } from './copying.ts';
import { verifyBeside } from './verify-beside.ts';

/**
 * Checks that there is room for what is missing, brings what the cache has of it, says what is left, and brings that.
 * Meanwhile the cache takes what it has not seen, and what was here before is hashed where nothing else will read it.
 * Throws `machine` where there is no room.
 */
export async function copyMissing(
  copying: Copying,
  images: readonly ResolvedImage[],
  resolution: Resolution,
  missing: MissingBlobs,
  run: Run,
): Promise<void> {
  const { session, cache, output, places, io } = run;
  const missingBytes = bytesOf(missing);
  const totalBytes = missingBytes + missing.stored.bytes;
  const volumes = { store: session.store, staging: output?.staging, archive: places.archive };
  await requireSpace(await needsOf({ ...volumes, missingBytes, totalBytes }));
  const verification = await verifyBeside(images, missing, run);
  try {
    await cache.restoreBlobs(missing.blobs);
    const left = await findMissingBlobs(images, session.store, cache.restored);
    io.emit({
      type: 'plan',
      fetch: { blobs: left.blobs.length, bytes: bytesOf(left) },
      stored: left.stored,
      images: images.length,
    });
    cache.keep(await keepableOf(resolution, run), {
      missing: new Set(left.blobs.map(({ digest }) => digest)),
      bytes: bytesOf(left) + (places.archive === undefined ? 0 : totalBytes),
    });
    await copying.copy(left);
    if ((await verification.lost) > 0) await copying.again();
  } finally {
    await verification.stop();
  }
  cache.copied();
}

function bytesOf({ blobs }: MissingBlobs): number {
  return blobs.reduce((bytes, { size }) => bytes + size, 0);
}
