import path from 'node:path';
import { openArchive, openArchiveContent } from '../../archive/index.ts';
import { bundleInside, currentRelease, lockFileIn, openBundle, readLock } from '../../bundle/index.ts';
import { OciSaveError } from '../../errors.ts';
import { exists, isFolder } from '../../files/index.ts';
import type { Content } from '../../image/index.ts';
import { type Lock, storedRepositories, taggedDigest } from '../../lock/index.ts';
import { hexOf } from '../../oci/digest.ts';
import { findRegistryRoot, type TreeFiles } from '../../serve/index.ts';
import { contentFiles } from './content-files.ts';

/** What is served, and where it is. */
export type ServedContent =
  /** A folder of repositories with their blobs: in a bundle, or any zot root, which has no lock. */
  | {
      readonly kind: 'folder';
      readonly bundle: string;
      readonly root: string;
      readonly lock: Lock | undefined;
    }
  /** A bundle whose repositories have no blobs of their own, or which has no repositories. */
  | {
      readonly kind: 'pool';
      readonly bundle: string;
      readonly root: TreeFiles;
      readonly content: Content;
      readonly lock: Lock;
    }
  /** The archive of a bundle, or its parts. */
  | { readonly kind: 'archive'; readonly root: TreeFiles; readonly lock: Lock };

/**
 * Looks what a path is: a bundle, a zot root, an archive or one of its parts. Nothing is unpacked.
 * @throws OciSaveError `usage` where it is none of these, `digest` where an archive is damaged
 */
export async function openServed(named: string): Promise<ServedContent> {
  const isPlace = await isFolder(named);
  const archive = isPlace ? undefined : await openArchive(named);
  if (archive !== undefined) {
    const content = await openArchiveContent(archive);
    return { kind: 'archive', root: contentFiles(content), lock: content.lock };
  }
  const lockFile = isPlace ? await lockFileIn(named) : undefined;
  const lock = lockFile === undefined ? undefined : await readLock(lockFile);
  if (lock === undefined) return { kind: 'folder', bundle: named, root: await rootWithoutLock(named), lock };
  const root = await registryRootIn(named);
  if (root !== undefined && (await hasBlobs(root, lock)))
    return { kind: 'folder', bundle: named, root, lock };
  const content = await openBundle(named);
  return { kind: 'pool', bundle: named, root: contentFiles(content), content, lock };
}

/** The root in a folder that is no bundle. A site's folder of releases has several, and is no root itself. */
async function rootWithoutLock(named: string): Promise<string> {
  const current = await currentRelease(named);
  if (current !== undefined) {
    const message = `${named} has a folder for each release, and is none itself`;
    throw new OciSaveError({ code: 'usage', message, hint: `Name ${current}.` });
  }
  try {
    return await findRegistryRoot(named);
  } catch (error) {
    const inside = error instanceof OciSaveError ? await bundleInside(named) : undefined;
    if (!(error instanceof OciSaveError) || inside === undefined) throw error;
    throw new OciSaveError({
      code: error.code,
      message: error.message,
      hint: `Name ${inside}.`,
      cause: error,
    });
  }
}

/** Undefined where a bundle has no repositories: it was saved as one flat layout. */
async function registryRootIn(bundle: string): Promise<string | undefined> {
  try {
    return await findRegistryRoot(bundle);
  } catch (error) {
    if (error instanceof OciSaveError && error.code === 'usage') return undefined;
    throw error;
  }
}

/**
 * Whether the repositories have blobs: a bundle that tar unpacked where hard links are not known has the pool alone. One
 * that is there is enough, since what else is missing is damage.
 */
async function hasBlobs(root: string, { images }: Lock): Promise<boolean> {
  for (const image of images) {
    for (const repository of storedRepositories(image)) {
      const hex = hexOf(taggedDigest(image));
      if (await exists(path.join(root, ...repository.split('/'), 'blobs', 'sha256', hex))) return true;
    }
  }
  return images.length === 0;
}
