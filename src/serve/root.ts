import { realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { OciSaveError } from '../errors.ts';
import { walkRepositories } from './catalog.ts';
import { isAbsence } from './confined-file.ts';

/**
 * The zot root of a bundle: its folder `registry` where repositories are below that, else the folder itself where
 * it is such a root (`layout: zot` alone). zot's own marker at the top of a folder says that it is the root, so
 * that a repository `registry/x` in it does not mislead.
 * @throws OciSaveError `usage` where there is no such folder, or no repository in it.
 */
export async function findRegistryRoot(bundle: string): Promise<string> {
  const kind = await kindOf(bundle);
  if (kind !== 'folder') throw noFolder(bundle, kind);
  const inside = join(bundle, 'registry');
  const isRootItself = (await kindOf(join(bundle, '_restore_complete'))) !== 'absent';
  if (!isRootItself && (await hasRepositories(inside))) return inside;
  if (await hasRepositories(bundle)) return bundle;
  throw new OciSaveError({
    code: 'usage',
    message: `no repository was found in ${bundle}`,
    hint: "Give a bundle's folder, or a zot root. A flat OCI layout has no repositories: save with the layout zot.",
  });
}

async function hasRepositories(folder: string): Promise<boolean> {
  if ((await kindOf(folder)) !== 'folder') return false;
  for await (const _ of walkRepositories(await realpath(folder))) return true;
  return false;
}

async function kindOf(path: string): Promise<'folder' | 'file' | 'absent'> {
  try {
    return (await stat(path)).isDirectory() ? 'folder' : 'file';
  } catch (thrown) {
    if (isAbsence(thrown)) return 'absent';
    throw thrown;
  }
}

function noFolder(bundle: string, kind: 'file' | 'absent'): OciSaveError {
  return kind === 'absent'
    ? new OciSaveError({
        code: 'usage',
        message: `${bundle} does not exist`,
        hint: 'Give the folder of a bundle.',
      })
    : new OciSaveError({
        code: 'usage',
        message: `${bundle} is a file`,
        hint: 'Give the folder of a bundle; an archive is unpacked first.',
      });
}
