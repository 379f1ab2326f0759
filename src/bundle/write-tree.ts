import { chmod, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pMapSettled } from 'p-map';
import { shortDigest } from '../oci/digest.ts';
import { DamagedBlobError, linkOrCopy, type Store } from '../store/index.ts';
import type { BundleTree, TreeFile } from './tree.ts';

/** File operations at once: beyond this the file system gains nothing. */
const PARALLEL = 16;

/**
 * Writes a tree into an empty folder: blobs as hard links into the store, or copies where links are impossible. Every blob
 * was hashed by this run before. Throws DamagedBlobError where one is wrong or gone, and the reason of `signal`. All writes
 * have ended when it returns or throws, so that the folder can be removed.
 */
export async function writeTree(
  tree: BundleTree,
  folder: string,
  store: Store,
  signal?: AbortSignal,
): Promise<void> {
  await makeFolders(tree, folder);
  let failed = false;
  const job = async (file: TreeFile): Promise<void> => {
    if (failed) return;
    try {
      signal?.throwIfAborted();
      await writeOne(file, folder, store, signal);
    } catch (error) {
      failed = true;
      throw error;
    }
  };
  const write = (files: readonly TreeFile[]): Promise<void> => doAll(files, job);
  // The lock follows all blobs: a copy of one that is younger than the lock was changed since (see `holdsSameBundle`).
  await write(tree.filter(({ kind }) => kind === 'blob'));
  await write(tree.filter(({ kind }) => kind === 'bytes'));
  // Links follow the files that they name.
  await write(tree.filter(({ kind }) => kind === 'link'));
}

/** A job for each item. Throws the first error, in the order of the items, when all have ended. */
async function doAll<T>(items: readonly T[], job: (item: T) => Promise<void>): Promise<void> {
  const results = await pMapSettled(items, job, { concurrency: PARALLEL });
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

/** The modes are set apart from the umask: a server that runs as another user must be able to read. */
async function makeFolders(tree: BundleTree, folder: string): Promise<void> {
  const places = new Set<string>();
  for (const file of tree) {
    for (let place = path.posix.dirname(file.path); place !== '.' && !places.has(place);) {
      places.add(place);
      place = path.posix.dirname(place);
    }
  }
  const make = async (place: string): Promise<void> => {
    await mkdir(path.join(folder, place));
    await chmod(path.join(folder, place), 0o755);
  };
  const byDepth = Map.groupBy(places, (place) => place.split('/').length);
  // A folder follows the one that it is in.
  for (const depth of [...byDepth.keys()].toSorted((a, b) => a - b))
    await doAll(byDepth.get(depth) ?? [], make);
}

async function writeOne(
  file: TreeFile,
  folder: string,
  store: Store,
  signal: AbortSignal | undefined,
): Promise<void> {
  const target = path.join(folder, ...file.path.split('/'));
  switch (file.kind) {
    case 'bytes':
      await writeFile(target, file.bytes, { flag: 'wx' });
      await chmod(target, file.isExecutable === true ? 0o755 : 0o644);
      return;
    case 'blob':
      if (!(await store.verify(file, signal))) {
        const why = 'it is missing in the store, or it was wrong and dropped';
        throw new DamagedBlobError(file.digest, `blob ${shortDigest(file.digest)}`, why);
      }
      await linkOrCopy(store.pathOf(file.digest), target);
      return;
    case 'link':
      await linkOrCopy(path.join(folder, ...file.to.split('/')), target);
      return;
  }
}
