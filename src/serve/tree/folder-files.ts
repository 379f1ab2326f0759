import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { OciSaveError } from '../../errors.ts';
import { isRepositoryPath } from '../../oci/reference.ts';
import { confinedPath, openConfined, unlessAbsent } from './confined-file.ts';
import { isHiddenFolder, type TreeFiles } from './tree-files.ts';

/**
 * The zot root of a bundle: its folder `registry` where repositories are below that, else the folder itself where
 * it is such a root (`layout: zot` alone). zot's own marker at the top of a folder says that it is the root, so
 * that a repository `registry/x` in it does not mislead.
 * @throws OciSaveError `usage` where there is no such folder, or no repository in it.
 */
export async function findRegistryRoot(bundle: string): Promise<string> {
  const root = await trueFolder(bundle);
  const inside = join(bundle, 'registry');
  const isRootItself = (await unlessAbsent(stat(join(bundle, '_restore_complete')))) !== undefined;
  if (!isRootItself && (await isFolder(inside)) && (await hasRepositories(await realpath(inside))))
    return inside;
  if (await hasRepositories(root)) return bundle;
  throw new OciSaveError({
    code: 'usage',
    message: `no repository was found in ${bundle}`,
    hint: "Give a bundle's folder, or a zot root. A flat OCI layout has no repositories: save with the layout zot.",
  });
}

/**
 * The true path of a folder.
 * @throws OciSaveError `usage` where it does not exist, or is a file
 */
export async function trueFolder(folder: string): Promise<string> {
  const path = await unlessAbsent(realpath(folder));
  if (path !== undefined && (await isFolder(path))) return path;
  throw new OciSaveError({
    code: 'usage',
    message: `${folder} ${path === undefined ? 'does not exist' : 'is a file'}`,
    hint: "Give a bundle's folder, or its archive: N.tar or one of its parts.",
  });
}

/**
 * The files of a root, which may be a folder.
 * @throws OciSaveError `usage` where there is no such folder
 */
export async function filesAt(root: string | TreeFiles): Promise<TreeFiles> {
  if (typeof root !== 'string') return root;
  await trueFolder(root);
  return folderFiles(resolve(root));
}

/**
 * The files below a folder. A link in the folder's own path is followed anew for each file: where `current` moves to
 * another release while the server runs, the next request has that release, as with zot. Links below the folder that
 * lead out of it are never followed.
 */
export function folderFiles(folder: string): TreeFiles {
  return {
    async open(path) {
      const root = await unlessAbsent(realpath(folder));
      return root === undefined ? undefined : openConfined(root, path);
    },
    async *repositories() {
      const root = await unlessAbsent(realpath(folder));
      if (root !== undefined) yield* walkRepositories(root);
    },
  };
}

async function hasRepositories(root: string): Promise<boolean> {
  for await (const _ of walkRepositories(root)) return true;
  return false;
}

/**
 * The repositories below a true path, in the order of zot's walk: each folder before what is below it, children
 * sorted. A folder is a repository where it holds index.json, oci-layout and a folder blobs and its path fits the
 * grammar; the root itself never is. Below a folder outside the grammar nothing can be a repository.
 */
async function* walkRepositories(root: string): AsyncGenerator<string> {
  yield* walkFolder(root, '', new Set([root]));
}

/** `ancestors` are true paths: a link that leads back up would otherwise never end. */
async function* walkFolder(
  root: string,
  folder: string,
  ancestors: ReadonlySet<string>,
): AsyncGenerator<string> {
  const children = (await unlessAbsent(readdir(join(root, folder), { withFileTypes: true }))) ?? [];
  if (folder !== '' && (await isRepository(root, folder, children))) yield folder;
  const names = children
    .filter((child) => child.isDirectory() || child.isSymbolicLink())
    .map(({ name }) => name);
  for (const name of names.sort()) {
    const child = folder === '' ? name : `${folder}/${name}`;
    if (isHiddenFolder(child) || !isRepositoryPath(child)) continue;
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

async function isFolder(path: string): Promise<boolean> {
  return (await unlessAbsent(stat(path)))?.isDirectory() ?? false;
}
