import pLimit from 'p-limit';
import { formatBytes, formatCount } from '../text/bytes.ts';
import { type Digest, hexOf } from '../oci/digest.ts';
import { createBudget } from './budget.ts';
import type { CacheContext } from './port.ts';
import type { Outlook } from './keepable.ts';
import { packFolder, packKey } from './keys.ts';
import { bytesOf, type Pack, packOf } from './packing.ts';

/** Saves packs as their blobs land, while others are still on their way. */
export interface Saver {
  /** A blob is in the store. */
  landed(digest: Digest): void;
  /** No further blob will land: packs that lack some are saved without. */
  flush(): void;
  /** Resolves when all that was begun has ended, with the packs that are in the cache. */
  finish(): Promise<SavedPacks>;
}

export interface SavedPacks {
  /** Saved by this run. */
  readonly saved: readonly Pack[];
  /** Were there already, or are just being saved by another job. */
  readonly known: readonly Pack[];
  /** Why no further entry can be saved now. */
  readonly stopped: string | undefined;
}

/** Each has an archive on disk for as long as it lasts. */
const SAVES_AT_ONCE = 2;

/** @param outlook which blobs are not in the store yet, and what the run itself may still need of the disk */
export function createSaver(
  packs: readonly Pack[],
  { missing, bytes: leaveFree }: Outlook,
  context: CacheContext,
): Saver {
  const { cache, store, emit, signal, trouble } = context;
  const limit = pLimit(SAVES_AT_ONCE);
  const budget = createBudget();
  const [saved, known]: [Pack[], Pack[]] = [[], []];
  const jobs: Promise<void>[] = [];
  const waiting = new Map<Pack, Set<Digest>>();
  let stopped: string | undefined;

  const save = async (pack: Pack): Promise<void> => {
    if (stopped !== undefined) return;
    signal?.throwIfAborted();
    await budget(signal);
    const what = `pack ${pack.hex.slice(0, 12)}, ${formatCount(pack.blobs.size, 'blob')}, ${formatBytes(bytesOf(pack))}`;
    const outcome = await cache.save({
      key: packKey(pack.hex),
      folder: packFolder(pack.hex),
      files: [...pack.blobs].map(([digest, size]) => ({
        name: hexOf(digest),
        size,
        file: store.pathOf(digest),
      })),
      leaveFree,
    });
    signal?.throwIfAborted();
    switch (outcome.kind) {
      case 'saved':
        saved.push(pack);
        return emit({ type: 'log', level: 'info', message: `saved to the cache: ${what}` });
      case 'exists':
        known.push(pack);
        return emit({ type: 'log', level: 'info', message: `in the cache already: ${what}` });
      case 'failed':
        return trouble(`${what}, is not saved to the cache: ${outcome.reason}`);
      case 'limited':
      case 'denied':
      case 'unavailable':
        // Others of this run wait for the same refusal.
        if (stopped === undefined) trouble(`${what}, is not saved to the cache: ${outcome.reason}`);
        stopped ??= outcome.reason;
    }
  };
  const begin = (pack: Pack): void => {
    const job = limit(() => save(pack));
    jobs.push(job);
    // It is awaited at the end; until then a fault waits there.
    job.catch(() => {});
  };
  for (const pack of packs) {
    const left = new Set([...pack.blobs.keys()].filter((digest) => missing.has(digest)));
    if (left.size === 0) begin(pack);
    else waiting.set(pack, left);
  }
  const flush = (): void => {
    for (const [{ blobs }, left] of waiting) {
      const here = [...blobs].flatMap(([digest, size]) => (left.has(digest) ? [] : [{ digest, size }]));
      if (here.length > 0) begin(packOf(here));
    }
    waiting.clear();
  };
  return {
    landed(digest) {
      for (const [pack, left] of waiting) {
        if (!left.delete(digest)) continue;
        if (left.size > 0) return;
        waiting.delete(pack);
        return begin(pack);
      }
    },
    flush,
    async finish() {
      flush();
      await Promise.all(jobs);
      return { saved, known, stopped };
    },
  };
}
