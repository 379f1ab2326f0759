import { access, constants } from 'node:fs/promises';
import path from 'node:path';
import { systemCodeOf } from '../errors.ts';
import { type Hint, hint, option } from '../text/hint.ts';

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
  return (await keepExecutable(searchPath(env).map((folder) => path.join(folder, name))))[0];
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

/** One command of a package manager, after its name. */
export interface PackageCommand {
  readonly args: readonly string[];
  /** The next command is run even where this one fails: a single broken source fails an update. */
  readonly mayFail?: boolean;
}

/** A way to bring skopeo onto a machine. */
export interface PackageManager {
  readonly program: string;
  /** How messages name it. */
  readonly name: string;
  readonly needsRoot: boolean;
  readonly commands: readonly PackageCommand[];
  readonly env?: Readonly<Record<string, string>>;
  /** The line that a user types. */
  readonly line: string;
}

const APT_OPTIONS = ['-o', 'Acquire::Retries=3', '-o', 'DPkg::Lock::Timeout=120'];

/** In the order in which they are tried. */
export const PACKAGE_MANAGERS: readonly PackageManager[] = [
  {
    program: 'apt-get',
    name: 'apt-get',
    needsRoot: true,
    commands: [
      { args: [...APT_OPTIONS, 'update'], mayFail: true },
      { args: [...APT_OPTIONS, 'install', '-y', '--no-install-recommends', 'skopeo'] },
    ],
    env: { DEBIAN_FRONTEND: 'noninteractive' },
    line: 'sudo apt-get install -y skopeo',
  },
  {
    program: 'dnf',
    name: 'dnf',
    needsRoot: true,
    commands: [{ args: ['install', '-y', 'skopeo'] }],
    line: 'sudo dnf install -y skopeo',
  },
  {
    program: 'apk',
    name: 'apk',
    needsRoot: true,
    commands: [{ args: ['add', '--no-cache', 'skopeo'] }],
    line: 'sudo apk add skopeo',
  },
  {
    program: 'zypper',
    name: 'zypper',
    needsRoot: true,
    commands: [{ args: ['--non-interactive', 'install', 'skopeo'] }],
    line: 'sudo zypper install -y skopeo',
  },
  {
    program: 'brew',
    name: 'Homebrew',
    needsRoot: false,
    commands: [{ args: ['install', 'skopeo'] }],
    env: { HOMEBREW_NO_INSTALL_CLEANUP: '1', HOMEBREW_NO_ENV_HINTS: '1' },
    line: 'brew install skopeo',
  },
];

/** The file of a package manager's program; undefined where there is none. Only Homebrew may be outside PATH. */
export async function fileOf({ program }: PackageManager, env: Environment): Promise<string | undefined> {
  return program === 'brew' ? (await programsNamed(program, env))[0] : programOnPath(program, env);
}

/** What a user of this machine does to have skopeo, or to do without. */
export async function installHint(env: Environment): Promise<Hint> {
  if (process.platform === 'win32')
    return hint`skopeo is not made for Windows: copy without it, ${option('copier', 'direct')}.`;
  for (const manager of PACKAGE_MANAGERS) {
    if ((await fileOf(manager, env)) === undefined) continue;
    return hint`Install it with '${manager.line}', or copy without it: ${option('copier', 'direct')}.`;
  }
  return hint`Install skopeo 1.6 or newer, or copy without it: ${option('copier', 'direct')}.`;
}
