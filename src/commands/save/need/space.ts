import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { OciSaveError } from '../../../errors.ts';
import { formatBytes } from '../../../text/bytes.ts';
import { freeBytes, tryLink } from '../../../store/index.ts';
import { hint, option } from '../../../text/hint.ts';
import type { Run } from '../run.ts';

/** Left free on every volume: file systems slow down, and indexes and folders take room, too. */
const RESERVE_BYTES = 16 * 1024 * 1024;

/**
 * Compares what a run will write with what its volumes have, before the first blob: missing blobs, a bundle where links
 * are impossible, an archive. Throws `machine`, naming the volume, the need and what is there.
 * @param totalBytes of all blobs that the bundle and the archive will hold
 */
export async function requireSpace(
  missingBytes: number,
  totalBytes: number,
  { session: { store }, output, places: { archive } }: Run,
): Promise<void> {
  const needs = [{ what: 'fetched blobs', folder: store.runFolder, bytes: missingBytes }];
  if (output !== undefined && !(await canLink(store.runFolder, output.staging))) {
    const what = 'the bundle, which cannot be linked there,';
    needs.push({ what, folder: output.staging, bytes: totalBytes });
  }
  if (archive !== undefined) {
    needs.push({ what: 'the archive', folder: path.dirname(archive), bytes: totalBytes });
  }
  const volumes = new Map<number, typeof needs>();
  for (const need of needs) {
    if (need.bytes === 0) continue;
    const { dev } = await stat(need.folder);
    volumes.set(dev, [...(volumes.get(dev) ?? []), need]);
  }
  for (const onVolume of volumes.values()) {
    const wanted = onVolume.reduce((sum, { bytes }) => sum + bytes, 0);
    const free = await freeBytes(onVolume[0]?.folder ?? store.runFolder);
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
async function canLink(from: string, to: string): Promise<boolean> {
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
