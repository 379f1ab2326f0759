import { rmdir } from 'node:fs/promises';
import { systemCodeOf } from '../errors.ts';

/** Removes folders, each of which lies in the next one, up to the first that is not empty or cannot be removed. */
export async function removeEmpty(folders: Iterable<string>): Promise<void> {
  try {
    for (const folder of folders) await rmdir(folder);
  } catch (error) {
    // Where one is not empty, those above it are not.
    if (systemCodeOf(error) === undefined) throw error;
  }
}
