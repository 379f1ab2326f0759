import { lstat, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import pLimit from 'p-limit';
import { type Digest, shortDigest } from '../oci/digest.ts';
import { unlessGone } from './gone.ts';
import { hashFile } from './hash-file.ts';
import { type Journal, openJournal } from './journal.ts';
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
  let bytes = 0;
  const check = async (hex: string): Promise<void> => {
    options.signal?.throwIfAborted();
    const digest: Digest = `sha256:${hex}`;
    const onBytes = (count: number): void => {
      bytes += count;
      options.onBytes?.(count);
    };
    const found = await checkBlob(path.join(places.blobs, hex), digest, journal, { ...options, onBytes });
    if (found !== undefined) damaged.push(found);
    options.onBlob?.(digest, found);
  };
  // The first error ends it, and what waits then ends at once.
  await Promise.all(names.map((hex) => limit(() => check(hex)))).finally(() => limit.clearQueue());
  return { blobs: names.length, bytes, damaged };
}

/** Drops the blob and tells why, where it is damaged. */
async function checkBlob(
  file: string,
  digest: Digest,
  journal: Journal,
  { onBytes, signal }: VerifyOptions,
): Promise<DamagedBlob | undefined> {
  const stats = await unlessGone(lstat(file, { bigint: true }));
  if (stats === undefined) return undefined;
  const drop = async (why: string): Promise<DamagedBlob> => {
    await rm(file, { recursive: true, force: true });
    return { digest, why, linked: stats.isFile() && stats.nlink > 1n };
  };
  if (!stats.isFile()) return drop('it is no regular file');
  // Pruned meanwhile.
  const actual = await unlessGone(hashFile(file, { onBytes, signal }));
  if (actual === undefined) return undefined;
  if (actual.digest !== digest) return drop(`its ${actual.size} bytes hash to ${shortDigest(actual.digest)}`);
  await journal.note(path.basename(file), stats);
  return undefined;
}
