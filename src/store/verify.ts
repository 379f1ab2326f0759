import type { BigIntStats } from 'node:fs';
import { lstat, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import pLimit from 'p-limit';
import { unlessGone } from '../files/index.ts';
import { type Digest, shortDigest, type BlobSize } from '../oci/digest.ts';
import { hashFile, type HashOptions } from './blob-bytes.ts';
import { openJournal } from './records/journal.ts';
import { isHex, type StorePlaces } from './places.ts';
import { NO_FILE } from './blob-files.ts';
import type { Store } from './store.ts';

export interface DamagedBlob {
  readonly digest: Digest;
  readonly why: string;
  /** Whether a bundle links it, and has the same wrong bytes. */
  readonly linked: boolean;
}

export interface StoreCheck {
  readonly blobs: number;
  readonly bytes: number;
  /** What was wrong; it is not in the store any more. */
  readonly damaged: readonly DamagedBlob[];
}

export interface VerifyOptions extends HashOptions {
  /** Called with the number of blobs, before the first is read. */
  readonly onStart?: (blobs: number) => void;
  readonly onBlob?: (digest: Digest, damaged: DamagedBlob | undefined) => void;
}

/** Files hashed at once when a whole store is verified: a disk is read no faster by more. */
const STORE_PARALLEL = 4;
/** Files hashed at once during a run: one is read while the other is hashed. */
const RUN_PARALLEL = 2;

/** Hashes every blob of a store and drops what is damaged; runs may go on meanwhile. Other files stay as they are. */
export async function verifyBlobs(places: StorePlaces, options: VerifyOptions): Promise<StoreCheck> {
  const names = ((await unlessGone(readdir(places.blobs))) ?? []).filter(isHex).toSorted();
  const journal = await openJournal(places.journal);
  options.onStart?.(names.length);
  const limit = pLimit(STORE_PARALLEL);
  const damaged: DamagedBlob[] = [];
  const right: [hex: string, stats: BigIntStats][] = [];
  let bytes = 0;
  const onBytes = (count: number): void => {
    bytes += count;
    options.onBytes?.(count);
  };
  const check = async (hex: string): Promise<void> => {
    options.signal?.throwIfAborted();
    const digest: Digest = `sha256:${hex}`;
    const file = path.join(places.blobs, hex);
    const stats = await unlessGone(lstat(file, { bigint: true }));
    const why = stats && (await whyDamaged(file, digest, stats, { ...options, onBytes }));
    let wrong: DamagedBlob | undefined;
    if (stats !== undefined && why !== undefined) {
      await rm(file, { recursive: true, force: true });
      wrong = { digest, why, linked: stats.isFile() && stats.nlink > 1n };
      damaged.push(wrong);
    } else if (stats !== undefined) {
      right.push([hex, stats]);
    }
    options.onBlob?.(digest, wrong);
  };
  // The first error ends it, and what waits then ends at once.
  await limit.map(names, check).finally(() => limit.clearQueue());
  await journal.note(right);
  return { blobs: names.length, bytes, damaged };
}

async function whyDamaged(
  file: string,
  digest: Digest,
  stats: BigIntStats,
  { onBytes, signal }: HashOptions,
): Promise<string | undefined> {
  if (!stats.isFile()) return NO_FILE;
  const actual = await unlessGone(hashFile(file, { onBytes, signal }));
  if (actual === undefined || actual.digest === digest) return undefined;
  return `its ${actual.size} bytes hash to ${shortDigest(actual.digest)}`;
}

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
  const workers = Array.from({ length: RUN_PARALLEL }, () =>
    work().catch((error: unknown) => stop.abort(error)),
  );
  await Promise.all(workers);
  either.throwIfAborted();
  return lost;
}
