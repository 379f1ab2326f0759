import type { BlobSize } from './blob-writer.ts';
import type { Store } from './store.ts';

/** Files hashed at once: one is read while the other is hashed. */
const PARALLEL = 2;

/**
 * Hashes those of these blobs that the store has and this run has not seen right yet. What is wrong is dropped.
 * @returns how many of them are not in the store now
 * @throws the reason of `signal`; nothing is hashed any more then
 */
export async function verifyStored(
  blobs: readonly BlobSize[],
  store: Pick<Store, 'verify'>,
  signal?: AbortSignal,
): Promise<number> {
  const stop = new AbortController();
  const either = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
  const queue = blobs.values();
  let lost = 0;
  const work = async (): Promise<void> => {
    for (const blob of queue) {
      either.throwIfAborted();
      if (!(await store.verify(blob, either))) lost += 1;
    }
  };
  const workers = Array.from({ length: PARALLEL }, () => work().catch((error: unknown) => stop.abort(error)));
  await Promise.all(workers);
  either.throwIfAborted();
  return lost;
}
