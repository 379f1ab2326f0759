import type { BigIntStats } from 'node:fs';
import { lstat, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import pLimit from 'p-limit';
import { type Digest, shortDigest } from '../oci/digest.ts';
import { unlessGone } from '../files/index.ts';
import { hashFile } from './hash-file.ts';
import { openJournal } from './journal.ts';
import { isHex, type StorePlaces } from './places.ts';

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

export interface VerifyOptions {
  /** Told how many blobs there are, before the first is read. */
  readonly onStart?: (blobs: number) => void;
  readonly onBytes?: (bytes: number) => void;
  readonly onBlob?: (digest: Digest, damaged: DamagedBlob | undefined) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Files hashed at once: a disk is read no faster by more. */
const PARALLEL = 4;

/** Hashes every blob of a store and drops what is damaged; runs may go on meanwhile. Other files stay as they are. */
export async function verifyBlobs(places: StorePlaces, options: VerifyOptions): Promise<StoreCheck> {
  const names = ((await unlessGone(readdir(places.blobs))) ?? []).filter(isHex).toSorted();
  const journal = await openJournal(places.journal);
  options.onStart?.(names.length);
  const limit = pLimit(PARALLEL);
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
    const found = await checkBlob(path.join(places.blobs, hex), digest, { ...options, onBytes });
    const wrong = found !== undefined && 'why' in found ? found : undefined;
    if (wrong !== undefined) damaged.push(wrong);
    else if (found !== undefined && !('why' in found)) right.push([hex, found]);
    options.onBlob?.(digest, wrong);
  };
  // The first error ends it, and what waits then ends at once.
  await Promise.all(names.map((hex) => limit(() => check(hex)))).finally(() => limit.clearQueue());
  await journal.noteAll(right);
  return { blobs: names.length, bytes, damaged };
}

/** What the file looked like whose hash is right; where it is not, the blob is dropped. Undefined for one that is gone. */
async function checkBlob(
  file: string,
  digest: Digest,
  options: VerifyOptions,
): Promise<BigIntStats | DamagedBlob | undefined> {
  const stats = await unlessGone(lstat(file, { bigint: true }));
  if (stats === undefined) return undefined;
  const why = await whyDamaged(file, digest, stats, options);
  if (why === undefined) return stats;
  await rm(file, { recursive: true, force: true });
  return { digest, why, linked: stats.isFile() && stats.nlink > 1n };
}

async function whyDamaged(
  file: string,
  digest: Digest,
  stats: BigIntStats,
  { onBytes, signal }: VerifyOptions,
): Promise<string | undefined> {
  if (!stats.isFile()) return 'it is no regular file';
  const actual = await unlessGone(hashFile(file, { onBytes, signal }));
  if (actual === undefined || actual.digest === digest) return undefined;
  return `its ${actual.size} bytes hash to ${shortDigest(actual.digest)}`;
}
