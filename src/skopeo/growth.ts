import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { OciSaveError } from '../errors.ts';
import { unlessGone } from '../files/index.ts';
import { LEAST_BYTES_A_SECOND } from '../http/index.ts';

/**
 * Docker’s daemon writes a whole image onto its disk before it sends the first byte, and skopeo reads a whole archive before it
 * writes one.
 */
const PATIENCE_MILLISECONDS = 15 * 60_000;

export interface Growth {
  /** Where skopeo writes, whatever it does. */
  readonly folders: readonly string[];
  readonly signal?: AbortSignal | undefined;
  /** How long may pass without more bytes than a stalled transfer brings. */
  readonly patienceMilliseconds?: number | undefined;
}

/**
 * Does something by skopeo that is ended where its files do not grow any more: it waits for ever for a daemon that does not
 * answer, or for the lock of a storage.
 * @throws OciSaveError `local` where that happens
 */
export async function whileItGrows<T>(
  { folders, signal, patienceMilliseconds = PATIENCE_MILLISECONDS }: Growth,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const ended = new AbortController();
  const still = new AbortController();
  const watch = async (): Promise<void> => {
    for (let before = await sizesIn(folders); ;) {
      await pause(patienceMilliseconds, undefined, { signal: ended.signal });
      const now = await sizesIn(folders);
      if (grown(before, now) < (LEAST_BYTES_A_SECOND * patienceMilliseconds) / 1000) {
        still.abort(
          new OciSaveError({
            code: 'local',
            message: `nothing came for ${Math.round(patienceMilliseconds / 1000)} s, and skopeo was ended`,
            hint: 'See whether what holds the images answers: docker images, podman images. An archive of docker save or podman save can be named instead.',
          }),
        );
        return;
      }
      before = now;
    }
  };
  // What ends it is the end of the work; what cannot be read tells nothing.
  const watching = watch().catch((error: unknown) => {
    if (!ended.signal.aborted) still.abort(error);
  });
  try {
    return await work(signal === undefined ? still.signal : AbortSignal.any([signal, still.signal]));
  } finally {
    ended.abort();
    await watching;
  }
}

/** The sizes of all files below some folders, by their paths. Files come and go meanwhile. */
async function sizesIn(folders: readonly string[]): Promise<Map<string, number>> {
  const sizes = new Map<string, number>();
  for (const folder of folders) {
    const entries: Dirent[] =
      (await unlessGone(readdir(folder, { recursive: true, withFileTypes: true }))) ?? [];
    for (const entry of entries.filter((one) => one.isFile())) {
      const file = path.join(entry.parentPath, entry.name);
      const stats = await unlessGone(stat(file));
      if (stats !== undefined) sizes.set(file, stats.size);
    }
  }
  return sizes;
}

/** How many bytes were written. What was removed meanwhile, perhaps for another image, takes nothing from it. */
function grown(before: ReadonlyMap<string, number>, now: ReadonlyMap<string, number>): number {
  let bytes = 0;
  for (const [file, size] of now) bytes += Math.max(0, size - (before.get(file) ?? 0));
  return bytes;
}
