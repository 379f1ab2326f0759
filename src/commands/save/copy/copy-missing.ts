import { isBundleUpToDate } from '../../../bundle/index.ts';
import { blobsOfImages, findMissingBlobs, type MissingBlobs } from '../../../copy/index.ts';
import type { ByteCount, SaveEvent } from '../../../events.ts';
import type { BlobSize } from '../../../oci/digest.ts';
import type { Resolution, ResolvedImage } from '../../../resolve/index.ts';
import { verifyStored } from '../../../store/index.ts';
import { requireSpace } from '../need/space.ts';
import { contentOf, treeOf, wantedBundle } from '../publish/folder.ts';
import type { Run } from '../run.ts';
import { keepableOf } from './cacheable.ts';
import type { Copying } from './copying.ts';

/**
 * Checks that there is room for what is missing, restores what the cache has of it, reports what is left, and fetches that.
 * Meanwhile the cache saves what is new to it, and what was here before is hashed where nothing else will read it.
 * Throws `machine` where there is no room.
 */
export async function copyMissing(
  copying: Copying,
  images: readonly ResolvedImage[],
  resolution: Resolution,
  missing: MissingBlobs,
  run: Run,
): Promise<void> {
  const { session, cache, places, io } = run;
  const totalBytes = bytesOf(missing) + missing.stored.bytes;
  await requireSpace(bytesOf(missing), totalBytes, run);
  const verification = await verifyBeside(images, missing, run);
  try {
    await cache.restoreBlobs(missing.blobs);
    const left = await findMissingBlobs(images, session.store, cache.restored);
    if (images.length > 0) io.emit(planOf(images, left, missing, run));
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

/** What will be fetched of images, and where the rest of them came from: with it, all of their blobs. */
function planOf(
  images: readonly ResolvedImage[],
  left: MissingBlobs,
  before: MissingBlobs,
  { session: { store }, cache: { restored } }: Run,
): Extract<SaveEvent, { type: 'plan' }> {
  const absent = new Set(left.blobs.map(({ digest }) => digest));
  const fresh = blobsOfImages(images).filter(({ digest }) => !absent.has(digest) && store.isNew(digest));
  return {
    type: 'plan',
    fetch: countOf(left.blobs),
    stored: before.stored,
    restored: countOf(fresh.filter(({ digest }) => restored.has(digest))),
    fetched: countOf(fresh.filter(({ digest }) => !restored.has(digest))),
    images: images.length,
  };
}

function countOf(blobs: readonly BlobSize[]): ByteCount {
  return { blobs: blobs.length, bytes: blobs.reduce((sum, { size }) => sum + size, 0) };
}

function bytesOf({ blobs }: MissingBlobs): number {
  return blobs.reduce((bytes, { size }) => bytes + size, 0);
}

/** Hashing beside other work. */
interface Verification {
  /** How many of the blobs that were in the store were damaged. */
  readonly lost: Promise<number>;
  /** Ends it; nothing is hashed any more when this resolves. */
  stop(): Promise<void>;
}

/**
 * Starts to hash what the store had before, while the run waits for the network: only where it makes a folder of it. An
 * archive, a release and a push read all bytes themselves, and an unchanged bundle is left as it is.
 */
async function verifyBeside(
  images: readonly ResolvedImage[],
  { blobs }: Pick<MissingBlobs, 'blobs'>,
  run: Run,
): Promise<Verification> {
  const stop = new AbortController();
  const { signal = stop.signal } = run.io;
  const absent = new Set(blobs.map(({ digest }) => digest));
  const stored = blobsOfImages(images).filter(({ digest }) => !absent.has(digest));
  const lost = (await isMadeUnread(images, blobs.length, run))
    ? verifyStored(stored, run.session.store, AbortSignal.any([signal, stop.signal]))
    : Promise.resolve(0);
  // It is awaited when all is copied; until then a failure waits there.
  lost.catch(() => {});
  return {
    lost,
    async stop() {
      stop.abort();
      await lost.catch(() => {});
    },
  };
}

async function isMadeUnread(images: readonly ResolvedImage[], missing: number, run: Run): Promise<boolean> {
  const { output, places, release } = run;
  if (output === undefined || places.archive !== undefined || release !== undefined) return false;
  if (missing > 0) return true;
  const content = contentOf(images, run);
  const wanted = wantedBundle(content.lock, treeOf(content, run), run);
  return wanted === undefined || !(await isBundleUpToDate(wanted));
}
