import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { OciSaveError } from '../../../errors.ts';
import { formatBytes } from '../../../text/bytes.ts';
import { freeBytes, type Store, tryLink } from '../../../store/index.ts';
import { hint, option } from '../../../text/hint.ts';

/** Bytes that will be written, and where. */
export interface Need {
  readonly what: string;
  /** A folder that exists. */
  readonly folder: string;
  readonly bytes: number;
}

/** Left free on every volume: file systems slow down, and indexes and folders take room, too. */
const RESERVE_BYTES = 16 * 1024 * 1024;

/**
 * Compares what a run will write with what its volumes have, before the first blob. Throws `machine`, naming the
 * volume, the need and what is there.
 */
export async function requireSpace(needs: readonly Need[]): Promise<void> {
  const volumes = new Map<number, Need[]>();
  for (const need of needs) {
    if (need.bytes === 0) continue;
    const { dev } = await stat(need.folder);
    volumes.set(dev, [...(volumes.get(dev) ?? []), need]);
  }
  for (const onVolume of volumes.values()) {
    const [first] = onVolume;
    if (first === undefined) continue;
    const wanted = onVolume.reduce((sum, { bytes }) => sum + bytes, 0);
    const free = await freeBytes(first.folder);
    if (wanted + RESERVE_BYTES <= free) continue;
    const parts = onVolume.map(({ what, folder, bytes }) => `${formatBytes(bytes)} for ${what} in ${folder}`);
    throw new OciSaveError({
      code: 'machine',
      message: `the disk is too small: ${formatBytes(wanted)} are needed, ${formatBytes(free)} are free (${parts.join('; ')})`,
      hint: hint`Free space, or put the store (${option('cacheDir')}) or the output (${option('output')}) on another volume.`,
    });
  }
}

/** Whether a file in `from` can have a second name in `to`: only then does a bundle cost no space of its own. */
export async function canLink(from: string, to: string): Promise<boolean> {
  const name = `probe-${randomUUID()}`;
  const [source, target] = [path.join(from, name), path.join(to, name)];
  await mkdir(from, { recursive: true });
  try {
    await writeFile(source, '');
    return await tryLink(source, target);
  } finally {
    await rm(source, { force: true });
    await rm(target, { force: true });
  }
}

/** What a run will write: missing blobs, a bundle where links are impossible, an archive. */
export async function needsOf(options: {
  readonly store: Store;
  readonly missingBytes: number;
  readonly totalBytes: number;
  /** The folder that the bundle is built in. */
  readonly staging: string | undefined;
  readonly archive: string | undefined;
}): Promise<Need[]> {
  const { store, missingBytes, totalBytes, staging, archive } = options;
  const copied = staging !== undefined && !(await canLink(store.runFolder, staging)) ? totalBytes : 0;
  return [
    { what: 'fetched blobs', folder: store.runFolder, bytes: missingBytes },
    ...(staging === undefined
      ? []
      : [{ what: 'the bundle, which cannot be linked there,', folder: staging, bytes: copied }]),
    ...(archive === undefined
      ? []
      : [{ what: 'the archive', folder: path.dirname(archive), bytes: totalBytes }]),
  ];
}
