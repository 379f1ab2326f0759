import { stat, readFile } from 'node:fs/promises';
import { unlessGone } from '../files/index.ts';

/** No list or sums of ours are larger: they name a thousand files. */
export const MAX_SIDECAR_BYTES = 1024 * 1024;

/** The text of a list or of sums; empty where there is none, or no such file of ours. */
export async function readSidecar(file: string): Promise<string> {
  const stats = await unlessGone(stat(file));
  if (stats === undefined || !stats.isFile() || stats.size > MAX_SIDECAR_BYTES) return '';
  return readFile(file, 'utf8');
}
