import { type Environment, programOnPath, programsNamed } from './programs.ts';
import { type Hint, hint, option } from '../text/hint.ts';

/** One command of a package manager, after its name. */
export interface PackageCommand {
  readonly args: readonly string[];
  /** What follows is tried whatever comes of this one: a single broken source fails an update. */
  readonly mayFail?: boolean;
}

/** A way to bring skopeo onto a machine. */
export interface PackageManager {
  readonly program: string;
  /** How messages name it. */
  readonly name: string;
  readonly needsRoot: boolean;
  readonly commands: readonly PackageCommand[];
  readonly env: Readonly<Record<string, string>>;
  /** The line that a user types. */
  readonly line: string;
}

const APT_PATIENCE = ['-o', 'Acquire::Retries=3', '-o', 'DPkg::Lock::Timeout=120'];

/** In the order in which they are asked. */
export const PACKAGE_MANAGERS: readonly PackageManager[] = [
  {
    program: 'apt-get',
    name: 'apt-get',
    needsRoot: true,
    commands: [
      { args: [...APT_PATIENCE, 'update'], mayFail: true },
      { args: [...APT_PATIENCE, 'install', '-y', '--no-install-recommends', 'skopeo'] },
    ],
    env: { DEBIAN_FRONTEND: 'noninteractive' },
    line: 'sudo apt-get install -y skopeo',
  },
  {
    program: 'dnf',
    name: 'dnf',
    needsRoot: true,
    commands: [{ args: ['install', '-y', 'skopeo'] }],
    env: {},
    line: 'sudo dnf install -y skopeo',
  },
  {
    program: 'apk',
    name: 'apk',
    needsRoot: true,
    commands: [{ args: ['add', '--no-cache', 'skopeo'] }],
    env: {},
    line: 'sudo apk add skopeo',
  },
  {
    program: 'zypper',
    name: 'zypper',
    needsRoot: true,
    commands: [{ args: ['--non-interactive', 'install', 'skopeo'] }],
    env: {},
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

/** Where a package manager's program is; undefined where it is not. Only Homebrew may stand beside PATH. */
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
