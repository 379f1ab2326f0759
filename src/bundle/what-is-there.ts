import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { isFolder, unlessGone } from '../files/index.ts';
import { lockFileIn } from './lock-file.ts';

/**
 * What to name in place of a folder that is no bundle: the release that its `current` leads to, an archive that lies in it,
 * or the first of an archive's parts; undefined where it has nothing of the kind, or several.
 */
export async function bundleInside(folder: string): Promise<string | undefined> {
  const current = await currentRelease(folder);
  if (current !== undefined) return current;
  const names = (await isFolder(folder)) ? ((await unlessGone(readdir(folder))) ?? []) : [];
  const parts = names.filter((name) => name.endsWith('.tar.001'));
  const [archive, ...others] = parts.length > 0 ? parts : names.filter((name) => name.endsWith('.tar'));
  return archive === undefined || others.length > 0 ? undefined : path.join(folder, archive);
}

/** The release that is served from a site's folder of releases. */
export async function currentRelease(folder: string): Promise<string | undefined> {
  const current = path.join(folder, 'current');
  return (await lockFileIn(current)) === undefined ? undefined : current;
}
