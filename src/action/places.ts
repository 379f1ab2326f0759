import { access, constants, mkdir, realpath } from 'node:fs/promises';
import path from 'node:path';
import { systemCodeOf } from '../errors.ts';
import { type Boundary, unlessGone } from '../files/index.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const STORE = '_oci-save';

/** The workspace's real path; the working directory where the runner names no existing one. */
export async function workspaceOf(env: Environment): Promise<string> {
  try {
    return await realpath(env['GITHUB_WORKSPACE'] || '.');
  } catch (error) {
    if (systemCodeOf(error) === undefined) throw error;
    return process.cwd();
  }
}

/**
 * What links in a checkout may lead to: the checkout itself, and the runner's folder for temporary files, which earlier
 * steps use.
 * @param workspace its real path
 */
export async function boundaryOf(workspace: string, env: Environment): Promise<Boundary> {
  const temp = env['RUNNER_TEMP'] || undefined;
  const realTemp = temp === undefined ? undefined : await unlessGone(realpath(temp));
  return {
    checkout: [workspace, path.resolve(env['GITHUB_WORKSPACE'] || '.')],
    folders: realTemp === undefined ? [workspace] : [workspace, realTemp],
  };
}

/**
 * Where blobs are kept: next to the workspace, on its file system, so that links work, and safe from the cleaning of
 * actions/checkout. If that is not writable, the runner's folder for temporary files; without one the result is empty,
 * and the store is where the command has it. A folder of another user is refused when the store is opened.
 */
export async function storeFolderOf(workspace: string, env: Environment): Promise<string> {
  const sibling = path.join(path.dirname(workspace), STORE);
  if (await canWrite(sibling)) return sibling;
  const temp = env['RUNNER_TEMP'] ?? '';
  return temp === '' ? '' : path.join(temp, STORE);
}

async function canWrite(folder: string): Promise<boolean> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await access(folder, constants.W_OK);
    return true;
  } catch (error) {
    if (systemCodeOf(error) === undefined) throw error;
    return false;
  }
}

/**
 * A list's path as annotations need it: relative to the workspace and with slashes. Undefined for a file elsewhere, and for a
 * list at an address: its annotation would point at another file.
 */
export function fileInWorkspace(file: string, workspace: string, cwd: string): string | undefined {
  if (/^https?:\/\//i.test(file)) return undefined;
  const relative = path.relative(workspace, path.resolve(cwd, file));
  const outside = relative === '' || relative.startsWith('..') || path.isAbsolute(relative);
  return outside ? undefined : relative.replaceAll(path.sep, '/');
}
