import { OciSaveError } from '../errors.ts';
import { formatBytes } from '../report/index.ts';
import type { FailedImage, Resolution, ResolvedImage } from '../resolve/index.ts';
import { freeBytes, type Store } from '../store/index.ts';
import { neededImages } from './needed.ts';
import type { Run } from './run.ts';

/**
 * Fails images of which alone more is missing than the store's volume has free: a size that one publisher wrote ends no
 * run of others. None where no image would be left, since then the disk is too small for the run. `needed` are the images
 * of which blobs are needed.
 */
export async function withoutOversized(
  resolution: Resolution,
  run: Run,
): Promise<{ readonly resolution: Resolution; readonly needed: readonly ResolvedImage[] }> {
  const needed = await neededImages(resolution.resolved, run);
  const failed = run.options.dryRun ? new Map() : await oversizedAmong(needed, run.session.store);
  if (failed.size === 0 || failed.size === needed.length) return { resolution, needed };
  const fits = (image: ResolvedImage): boolean => !failed.has(image);
  return {
    resolution: {
      resolved: resolution.resolved.filter(fits),
      failed: [...resolution.failed, ...failed.values()],
    },
    needed: needed.filter(fits),
  };
}

async function oversizedAmong(
  needed: readonly ResolvedImage[],
  store: Store,
): Promise<Map<ResolvedImage, FailedImage>> {
  const free = await freeBytes(store.runFolder);
  const failed = new Map<ResolvedImage, FailedImage>();
  for (const image of needed) {
    if (sum(image.sizes) <= free) continue;
    const missing = await missingBytes(image, store);
    if (missing > free) failed.set(image, { wanted: image.wanted, error: tooLarge(missing, free) });
  }
  return failed;
}

async function missingBytes({ sizes }: ResolvedImage, store: Store): Promise<number> {
  let bytes = 0;
  for (const [digest, size] of sizes) if (!(await store.has({ digest, size }))) bytes += size;
  return bytes;
}

function sum(sizes: ReadonlyMap<unknown, number>): number {
  return [...sizes.values()].reduce((bytes, size) => bytes + size, 0);
}

function tooLarge(missing: number, free: number): OciSaveError {
  return new OciSaveError({
    code: 'local',
    message: `the disk is too small for it: ${formatBytes(missing)} are needed, ${formatBytes(free)} are free`,
    hint: 'Free space, put the store (--cache-dir) on another volume, or leave the image out.',
  });
}
