import { access, constants } from 'node:fs/promises';
import path from 'node:path';
import { systemCodeOf } from '../errors.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Where Homebrew puts its programs; GitHub's Linux images have it, but not on PATH. */
const BREW_FOLDERS = ['/opt/homebrew/bin', '/usr/local/bin', '/home/linuxbrew/.linuxbrew/bin'];

/** Every file of that name that can be run: on PATH in its order, then in Homebrew's folders. */
export async function programsNamed(name: string, env: Environment): Promise<string[]> {
  const prefix = env['HOMEBREW_PREFIX'];
  const brew = prefix === undefined || prefix === '' ? BREW_FOLDERS : [path.join(prefix, 'bin')];
  const files = [...searchPath(env), ...brew].map((folder) => path.join(folder, name));
  return keepExecutable(files);
}

/** The file of a program on PATH; undefined where there is none. */
export async function programOnPath(name: string, env: Environment): Promise<string | undefined> {
  const [first] = await keepExecutable(searchPath(env).map((folder) => path.join(folder, name)));
  return first;
}

function searchPath(env: Environment): string[] {
  return (env['PATH'] ?? '').split(path.delimiter).filter((folder) => folder !== '');
}

async function keepExecutable(files: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const file of new Set(files)) if (await isExecutable(file)) found.push(file);
  return found;
}

async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return true;
  } catch (error) {
    if (systemCodeOf(error) !== undefined) return false;
    throw error;
  }
}
