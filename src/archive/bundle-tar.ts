import type { BundleTree, TreeFile } from '../bundle/index.ts';
import type { BlobPool } from '../store/index.ts';
import { type ComputedTar, computeTar, type TarEntry } from './computed-tar.ts';

/**
 * The archive of a bundle, computed from its tree and the pool that has its blobs. A folder stands before its first file; regular
 * files stand before the links that name them. What of the pool was not hashed yet in this run is hashed on the way: nothing
 * that a disk has changed gets into an archive.
 */
export function bundleTar(tree: BundleTree, pool: BlobPool): Promise<ComputedTar> {
  const folders = new Set<string>();
  const entries = tree.flatMap((file) => [...newFolders(file.path, folders), toEntry(file, pool)]);
  return computeTar(entries);
}

function newFolders(path: string, known: Set<string>): TarEntry[] {
  const parts = path.split('/').slice(0, -1);
  const places = parts
    .map((_, depth) => parts.slice(0, depth + 1).join('/'))
    .filter((place) => !known.has(place));
  for (const place of places) known.add(place);
  return places.map((place) => ({ kind: 'folder', path: place }));
}

function toEntry(file: TreeFile, pool: BlobPool): TarEntry {
  if (file.kind !== 'blob') return file;
  const { path, size, digest } = file;
  const blob = { digest, size };
  return { kind: 'blob', path, size, open: (start, end) => pool.open(blob, start, end) };
}
