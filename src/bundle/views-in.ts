import { stat } from 'node:fs/promises';
import path from 'node:path';
import { systemCodeOf } from '../errors.ts';
import { REGISTRY_FOLDER, type View } from './tree.ts';

/** The views of a bundle on disk: what it was planned with. Both, or the one that stands at its top. */
export async function viewsIn(folder: string): Promise<View[]> {
  if (!(await isThere(path.join(folder, 'index.json')))) return ['zot'];
  return (await isThere(path.join(folder, REGISTRY_FOLDER))) ? ['oci', 'zot'] : ['oci'];
}

async function isThere(place: string): Promise<boolean> {
  try {
    await stat(place);
    return true;
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return false;
    throw error;
  }
}
