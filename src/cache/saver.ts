import pLimit from 'p-limit';
import { formatBytes, formatCount } from '../text/bytes.ts';
import { type Digest, hexOf } from '../oci/digest.ts';
import { createBudget } from './budget.ts';
import type { CacheContext } from './port.ts';
import type { Outlook } from './keepable.ts';
import { packFolder, packKey } from './keys.ts';
import { bytesOf, type Pack, packOf } from './packing.ts';

/** Saves packs when their blobs have landed, while others are still being copied. */
export type Saver = ReturnType<typeof createSaver>;

export interface SavedPacks {
  /** Saved by this run. */
  readonly saved: readonly Pack[];
  /** Were there already, or are being saved by another job. */
  readonly known: readonly Pack[];
  /** Why no further pack is saved now. */
  readonly stopped: string | undefined;
  /** Whether the service refuses every entry. Otherwise a catalogue can still be saved: it names the packs that are there. */
  readonly isRefused: boolean;
}

/** Why nothing more is saved where the time is up. */
export const TOO_LATE = 'the time for it is up';

/** Each save has an archive on disk until it ends. */
const SAVES_AT_ONCE = 2;

/** @param outlook which blobs are not in the store yet, and how much of the disk the run itself may still need */
export function createSaver(
  packs: readonly Pack[],
  { missing, bytes: leaveFree }: Outlook,
  context: CacheContext,
) {
  const { cache, store, emit, signal, trouble } = context;
  const limit = pLimit(SAVES_AT_ONCE);
  const budget = createBudget();
  const [saved, known]: [Pack[], Pack[]] = [[], []];
  const jobs: Promise<void>[] = [];
  const waiting = new Map<Pack, Set<Digest>>();
  const failed = new Set<string>();
  let stopped: string | undefined;
  let isRefused = false;

  const save = async (pack: Pack): Promise<void> => {
    if (stopped !== undefined || signal?.aborted) return;
    await budget(signal);
    const what = `pack ${pack.hex.slice(0, 12)}, ${formatCount(pack.blobs.size, 'blob')}, ${formatBytes(bytesOf(pack))}`;
    const outcome = await cache.save({
      key: packKey(pack),
      folder: packFolder(pack),
      files: [...pack.blobs].map(([digest, size]) => ({
        name: hexOf(digest),
        size,
        file: store.pathOf(digest),
      })),
      leaveFree,
    });
    // Nobody waits for it any more.
    if (signal?.aborted || stopped === TOO_LATE) return;
    switch (outcome.kind) {
      case 'saved':
        saved.push(pack);
        return emit({ type: 'log', level: 'info', message: `saved to the cache: ${what}` });
      case 'exists':
        known.push(pack);
        return emit({ type: 'log', level: 'info', message: `in the cache already: ${what}` });
      case 'failed':
        trouble(`${what}, is not saved to the cache: ${outcome.reason}`);
        // The next one would fail alike, and each may take minutes.
        if (failed.has(outcome.reason)) stopped ??= outcome.reason;
        failed.add(outcome.reason);
        return;
      case 'limited':
      case 'denied':
      case 'unavailable':
        // Other saves of this run may get the same refusal: it is reported once.
        if (stopped === undefined) trouble(`${what}, is not saved to the cache: ${outcome.reason}`);
        stopped ??= outcome.reason;
        isRefused = true;
    }
  };
  const start = (pack: Pack): void => {
    const job = limit(() => save(pack));
    jobs.push(job);
    // `finish` awaits it and throws its error; until then the error is not unhandled.
    job.catch(() => {});
  };
  for (const pack of packs) {
    const left = new Set([...pack.blobs.keys()].filter((digest) => missing.has(digest)));
    if (left.size === 0) start(pack);
    else waiting.set(pack, left);
  }
  /** No further blob will land: packs that lack some are saved without them. */
  const flush = (): void => {
    for (const [{ blobs }, left] of waiting) {
      const here = [...blobs].flatMap(([digest, size]) => (left.has(digest) ? [] : [{ digest, size }]));
      if (here.length > 0) start(packOf(here));
    }
    waiting.clear();
  };
  return {
    /** A blob is in the store. */
    landed(digest: Digest): void {
      for (const [pack, left] of waiting) {
        if (!left.delete(digest)) continue;
        if (left.size > 0) return;
        waiting.delete(pack);
        return start(pack);
      }
    },
    flush,
    /** The packs that are in the cache by now. */
    soFar: (): SavedPacks => ({ saved: [...saved], known: [...known], stopped, isRefused }),
    /** Resolves when all saves have ended. */
    async finish(): Promise<true> {
      flush();
      await Promise.all(jobs);
      return true;
    },
    /** Saves nothing more. What is on its way is left to itself, and what comes of it is told to nobody. */
    leave(): void {
      stopped ??= TOO_LATE;
    },
  };
}
