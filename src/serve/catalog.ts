import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { confinedPath, isAbsence } from './confined-file.ts';
import { isHiddenFolder, isRepositoryName } from './name.ts';

/**
 * The repositories below a true path, in the order of zot's walk: each folder before what is below it, children
 * sorted. A folder is a repository where it holds index.json, oci-layout and a folder blobs and its path fits the
 * grammar; the root itself never is. Below a folder outside the grammar nothing can be a repository.
 */
export async function* walkRepositories(root: string): AsyncGenerator<string> {
  yield* walkFolder(root, '', new Set([root]));
}

/** `ancestors` are true paths: a link that leads back up would otherwise never end. */
async function* walkFolder(
  root: string,
  folder: string,
  ancestors: ReadonlySet<string>,
): AsyncGenerator<string> {
  const children = await childrenOf(join(root, folder));
  if (folder !== '' && (await isRepository(root, folder, children))) yield folder;
  const names = children
    .filter((child) => child.isDirectory() || child.isSymbolicLink())
    .map(({ name }) => name);
  for (const name of names.sort()) {
    const child = folder === '' ? name : `${folder}/${name}`;
    if (isHiddenFolder(child) || !isRepositoryName(child)) continue;
    const path = await confinedPath(root, child);
    if (path === undefined || ancestors.has(path) || !(await isFolder(path))) continue;
    yield* walkFolder(root, child, new Set([...ancestors, path]));
  }
}

async function isRepository(root: string, folder: string, children: readonly Dirent[]): Promise<boolean> {
  const names = new Set(children.map(({ name }) => name));
  if (!names.has('index.json') || !names.has('oci-layout') || !names.has('blobs')) return false;
  const blobs = await confinedPath(root, `${folder}/blobs`);
  return blobs !== undefined && (await isFolder(blobs));
}

/** What a folder holds; nothing where it vanished meanwhile. */
async function childrenOf(path: string): Promise<Dirent[]> {
  try {
    return await readdir(path, { withFileTypes: true });
  } catch (thrown) {
    if (isAbsence(thrown)) return [];
    throw thrown;
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (thrown) {
    if (isAbsence(thrown)) return false;
    throw thrown;
  }
}
