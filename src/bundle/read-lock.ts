import { readBounded } from '../files/index.ts';
import { type Lock, parseLock } from '../lock/index.ts';

/** A lock of tens of thousands of images stays below. */
export const MAX_LOCK_BYTES = 256 * 1024 * 1024;

/**
 * The lock in a file; undefined where there is no such file.
 * @throws OciSaveError `usage` where it is none, `unsupported` where it is too large for one
 */
export async function readLock(file: string): Promise<Lock | undefined> {
  const bytes = await readBounded(file, MAX_LOCK_BYTES);
  return bytes === undefined ? undefined : parseLock(bytes, file);
}
