import type { CopyResult } from '../copy/index.ts';
import { formatOrigin } from '../list/index.ts';
import { buildLock, type Lock } from '../lock/index.ts';
import type { FailedImage, Resolution, ResolvedImage } from '../resolve/index.ts';

/** Which images are whole after copying, and which are not, with the error that each one met. */
export interface Outcome {
  readonly whole: readonly ResolvedImage[];
  readonly failed: readonly FailedImage[];
}

/** An image fails with the first of its blobs that could not be had; none is ever saved without a blob. */
export function outcomeOf({ resolved, failed }: Resolution, { failures }: CopyResult): Outcome {
  const whole: ResolvedImage[] = [];
  const broken: FailedImage[] = [];
  for (const image of resolved) {
    const lost = [...image.sizes.keys()].find((digest) => failures.has(digest));
    if (lost === undefined) whole.push(image);
    else broken.push({ wanted: image.wanted, error: failures.get(lost) });
  }
  return { whole, failed: [...failed, ...broken] };
}

/** The lock of resolved images. Throws `list` for two images under one name. */
export function lockOf(images: readonly ResolvedImage[]): Lock {
  return buildLock(
    images.map(({ image, sizes, wanted }) => ({ image, sizes, origins: wanted.origins.map(formatOrigin) })),
  );
}
