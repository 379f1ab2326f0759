import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { LOCK_FILE } from '../../bundle/index.ts';
import { OciSaveError, systemCodeOf } from '../../errors.ts';
import { exists, isInside } from '../../files/index.ts';
import { parseLock } from '../../lock/index.ts';
import { poolHexIn } from '../../oci/digest.ts';
import { hint, option } from '../../text/hint.ts';
import { linkPool } from '../serve/zot-root.ts';
import { manifestsIn } from '../verify/manifests.ts';
import type { Observed } from '../verify/observed.ts';
import { setMode } from './to-disk.ts';

/**
 * Where the state folder of a bundle will be: a zot root whose repositories point at the bundle's pool, for a medium that
 * knows no hard links. It lies elsewhere, where symbolic links are known.
 * @throws OciSaveError `usage` or `machine` where it cannot be made
 */
export async function openStateFolder(named: string, output: string): Promise<string> {
  const folder = path.resolve(named);
  if (isInside(folder, [output])) {
    throw new OciSaveError({
      code: 'usage',
      message: `${folder} lies in the bundle's folder`,
      hint: hint`Name another place with ${option('state')}: nothing but the bundle belongs into its folder.`,
    });
  }
  if (await exists(folder)) {
    throw new OciSaveError({
      code: 'machine',
      message: `${folder} is there; it is left as it is`,
      hint: hint`Name another folder with ${option('state')}.`,
    });
  }
  const parent = path.dirname(folder);
  await mkdir(parent, { recursive: true });
  const probe = await mkdtemp(path.join(parent, '.probe-'));
  try {
    await symlink('nothing', path.join(probe, 'link'));
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === undefined) throw error;
    throw new OciSaveError({
      code: 'machine',
      message: `symbolic links are not known in ${parent} (${code})`,
      hint: hint`Name a folder on the machine's own disk with ${option('state')}.`,
    });
  } finally {
    await rm(probe, { recursive: true, force: true });
  }
  return folder;
}

/**
 * Writes the state folder of a bundle that was read, beside where it will be. Returns what gives it its name.
 * @param beside the lock that lies beside an archive of one view
 * @throws OciSaveError `usage` where the bundle has no pool
 */
export async function writeStateFolder(
  folder: string,
  output: string,
  observed: Observed,
  beside: Uint8Array | undefined,
): Promise<{ readonly appear: () => Promise<void>; readonly discard: () => Promise<void> }> {
  const bytes = observed.kept.get(LOCK_FILE) ?? beside;
  const hasPool = [...observed.entries.keys()].some((name) => poolHexIn(name) !== undefined);
  if (bytes === undefined || !hasPool) {
    throw new OciSaveError({
      code: 'usage',
      message: 'this bundle has repositories alone, and no pool of blobs that they could point at',
      hint: hint`Leave out ${option('state')}.`,
    });
  }
  const lock = parseLock(bytes, LOCK_FILE);
  const part = await mkdtemp(path.join(path.dirname(folder), `.${path.basename(folder)}.`));
  const discard = (): Promise<void> => rm(part, { recursive: true, force: true });
  try {
    await linkPool(part, path.join(output, 'blobs'), { lock, manifests: manifestsIn(observed, lock) });
    await writeFile(path.join(part, '_restore_complete'), '1');
    await setMode(part, 0o755);
  } catch (error) {
    await discard();
    throw error;
  }
  return { appear: () => rename(part, folder), discard };
}
