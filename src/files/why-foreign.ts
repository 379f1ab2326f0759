import { lstat } from 'node:fs/promises';
import { systemCodeOf } from '../errors.ts';
import { readStart } from './read.ts';
import type { OwnFileKind } from '../text/own-file-kind.ts';
import { unlessGone } from './kind.ts';

/** Enough to recognise each kind of file by its start. */
const START_BYTES = 16 * 1024;
/** A file that does not start as ours is read whole up to here. */
const MAX_WHOLE_BYTES = 32 * 1024 * 1024;

/**
 * Why a file is not one of ours, as the rest of a sentence that begins with its path; undefined where it is ours, empty
 * or missing: a loss of power can leave an empty one of ours. Reads the start of the file, or a file of at most 32 MiB
 * whole; never blocks on a pipe.
 */
export async function whyForeign(file: string, { noun, matches }: OwnFileKind): Promise<string | undefined> {
  try {
    const stats = await unlessGone(lstat(file));
    if (stats === undefined) return undefined;
    if (stats.isDirectory()) return 'is a folder';
    if (stats.isSymbolicLink()) return 'is a link';
    if (!stats.isFile()) return 'is not a regular file';
    for (const maxBytes of [START_BYTES, MAX_WHOLE_BYTES]) {
      const start = await readStart(file, maxBytes);
      if (start === undefined || start.size === 0) return undefined;
      const isWhole = start.bytes.length === start.size;
      if (matches(start.bytes, isWhole)) return undefined;
      if (isWhole || start.size > MAX_WHOLE_BYTES) break;
    }
    return `is not ${noun}`;
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === undefined) throw error;
    return `cannot be read (${code})`;
  }
}
