import { OciSaveError } from '../errors.ts';
import { MAX_PARTS } from './archive-name.ts';
import { hint, option } from '../text/hint.ts';

/** One piece of an archive: the bytes from `start` up to `end`, exclusive. */
export interface Cut {
  readonly start: number;
  readonly end: number;
}

const GIB = 2 ** 30;

/**
 * The size that parts have where parts of `wanted` bytes are asked for. FAT32 takes 4 GiB less one byte, and releases
 * on GitHub less than 2 GiB: who asks for exactly that means the most that fits.
 */
export function partSizeOf(wanted: number): number {
  return wanted === 2 * GIB || wanted === 4 * GIB ? wanted - 1 : wanted;
}

/**
 * Cuts an archive of `size` bytes into parts of `partSize`; all are full but the last. An archive that is no larger
 * stays whole, and 0 cuts nothing.
 * @throws OciSaveError `usage` where the parts would be more than their names can number
 */
export function cutArchive(size: number, partSize: number): Cut[] {
  if (partSize === 0 || size <= partSize) return [{ start: 0, end: size }];
  const count = Math.ceil(size / partSize);
  if (count > MAX_PARTS) {
    throw new OciSaveError({
      code: 'usage',
      message: `parts of ${partSize} bytes would cut the archive of ${size} bytes into ${count}; ${MAX_PARTS} is the limit`,
      hint: hint`Take larger parts with ${option('splitSize')}.`,
    });
  }
  return Array.from({ length: count }, (_, index) => ({
    start: index * partSize,
    end: Math.min((index + 1) * partSize, size),
  }));
}
