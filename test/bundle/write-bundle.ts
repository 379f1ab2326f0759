import path from 'node:path';
import {
  buildBundle,
  openOutputFolder,
  planTree,
  publishResults,
  type View,
} from '../../src/bundle/index.ts';
import { readManifests } from '../../src/image/index.ts';
import type { Lock } from '../../src/lock/index.ts';
import type { Resolving } from '../resolve/resolving.ts';

/** Writes a bundle of images in the store of a test; returns its folder. */
export async function writeBundle(
  { folder: parent, store }: Pick<Resolving, 'folder' | 'store'>,
  lock: Lock,
  name: string,
  views: readonly View[],
): Promise<string> {
  const output = path.join(parent, name);
  const folder = await openOutputFolder(output);
  const tree = planTree(lock, await readManifests(lock, store), views, () => '');
  const files = await buildBundle({ tree, lock, output, lockBeside: views.length === 1, store }, folder);
  await publishResults(path.join(store.publishing, name), output, { files, stale: [], folder: true });
  await folder.release();
  return output;
}
