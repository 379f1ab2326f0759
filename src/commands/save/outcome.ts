import type { CopyResult } from '../../copy/index.ts';
import { OciSaveError } from '../../errors.ts';
import { formatOrigin } from '../../list/index.ts';
import { buildLock, type Lock } from '../../lock/index.ts';
import { type Digest, shortDigest } from '../../oci/digest.ts';
import type { FailedImage, Resolution, ResolvedImage } from '../../resolve/index.ts';

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

/**
 * Fails images that say another size of a blob than an image before them: one of the two is wrong, and a lock holds
 * one size of a blob.
 */
export function withoutContradictions({ resolved, failed }: Resolution): Resolution {
  const sizes = new Map<Digest, number>();
  const [sound, wrong]: [ResolvedImage[], FailedImage[]] = [[], []];
  for (const image of resolved) {
    const contradiction = [...image.sizes].find(([digest, size]) => (sizes.get(digest) ?? size) !== size);
    if (contradiction === undefined) {
      sound.push(image);
      for (const [digest, size] of image.sizes) sizes.set(digest, size);
    } else {
      const [digest, size] = contradiction;
      const message = `it says that blob ${shortDigest(digest)} has ${size} bytes; another image says ${sizes.get(digest)}`;
      wrong.push({ wanted: image.wanted, error: new OciSaveError({ code: 'digest', message }) });
    }
  }
  return { resolved: sound, failed: [...failed, ...wrong] };
}

/**
 * Fails the largest images where all together are more bytes than a number counts exactly: no disk holds so much, and
 * what is true of a few must not spoil the sums of all.
 */
export function withinReason({ resolved, failed }: Resolution): Resolution {
  const bytesOf = ({ sizes }: ResolvedImage): number =>
    [...sizes.values()].reduce((sum, size) => sum + size, 0);
  const total = resolved.reduce((sum, image) => sum + bytesOf(image), 0);
  if (Number.isSafeInteger(total)) return { resolved, failed };
  let bytes = 0;
  const tooMuch = new Set(
    resolved
      .toSorted((a, b) => bytesOf(a) - bytesOf(b))
      .filter((image) => !Number.isSafeInteger((bytes += bytesOf(image)))),
  );
  const message = 'with the other images of the list its blobs are more than any disk holds';
  const wrong = [...tooMuch].map(({ wanted }) => ({
    wanted,
    error: new OciSaveError({ code: 'unsupported', message }),
  }));
  return { resolved: resolved.filter((image) => !tooMuch.has(image)), failed: [...failed, ...wrong] };
}
