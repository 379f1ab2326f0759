import { accessSync, constants } from 'node:fs';
import { userInfo } from 'node:os';
import path from 'node:path';
import type { Environment } from '../registry/index.ts';
import { OciSaveError, systemCodeOf } from '../errors.ts';
import { hint, option } from '../text/hint.ts';

/**
 * The store's folder: the one named, else `oci-save` in the user's cache folder. Without a home in the environment the
 * password file's is used, and never a folder for temporary files: those are shared with other users.
 * @throws OciSaveError `machine` without a home that this user can write to
 */
export function storeFolder(named: string, env: Environment): string {
  if (named !== '') return path.resolve(named);
  return path.join(env['XDG_CACHE_HOME'] || path.join(homeOf(env), '.cache'), 'oci-save');
}

function homeOf(env: Environment): string {
  const given = env['HOME'] || env['USERPROFILE'];
  if (given) return given;
  try {
    const { homedir } = userInfo();
    accessSync(homedir, constants.W_OK | constants.X_OK);
    return homedir;
  } catch (cause) {
    if (systemCodeOf(cause) === undefined) throw cause;
    throw new OciSaveError({
      code: 'machine',
      message: 'there is no folder to store blobs in: this user has no home that can be written to',
      hint: hint`Name a folder with ${option('cacheDir')}, or set HOME.`,
      cause,
    });
  }
}
