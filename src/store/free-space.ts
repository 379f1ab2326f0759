import { statfs } from 'node:fs/promises';
import path from 'node:path';
import { systemCodeOf } from '../errors.ts';

/** Bytes that an ordinary user may still write where `folder` is or will be. */
export async function freeBytes(folder: string): Promise<number> {
  for (let place = path.resolve(folder); ; place = path.dirname(place)) {
    try {
      const { bavail, bsize } = await statfs(place);
      return bavail * bsize;
    } catch (error) {
      if (systemCodeOf(error) !== 'ENOENT' || place === path.dirname(place)) throw error;
    }
  }
}
