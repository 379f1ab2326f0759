import path from 'node:path';
import { exists } from '../files/index.ts';
import { REGISTRY_FOLDER, type View } from './tree.ts';

/** The views of a bundle on disk: what it was planned with. Both, or the one that stands at its top. */
export async function viewsIn(folder: string): Promise<View[]> {
  if (!(await exists(path.join(folder, 'index.json')))) return ['zot'];
  return (await exists(path.join(folder, REGISTRY_FOLDER))) ? ['oci', 'zot'] : ['oci'];
}
