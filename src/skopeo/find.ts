import { access, constants } from 'node:fs/promises';
import path from 'node:path';
import { OciSaveError, systemCodeOf } from '../errors.ts';
import { run } from '../process.ts';
import { isAtLeast, OLDEST_SKOPEO, parseSkopeoVersion } from './version.ts';

/** A skopeo that was asked for its version. */
export interface Skopeo {
  readonly file: string;
  readonly version: string;
}

/** Where Homebrew puts its programs; GitHub's Linux images have it, but not on PATH. */
const BREW_FOLDERS = ['/opt/homebrew/bin', '/usr/local/bin', '/home/linuxbrew/.linuxbrew/bin'];

/**
 * Finds skopeo: the file that `wanted` names, or with `auto` the first on PATH, then Homebrew's.
 * @throws OciSaveError `machine` where there is none or it is too old, with the command that installs it here.
 */
export async function findSkopeo(
  wanted: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Skopeo> {
  const file = wanted === 'auto' ? await search(env) : path.resolve(wanted);
  if (file === undefined) {
    throw new OciSaveError({
      code: 'machine',
      message: 'skopeo is not installed',
      hint: await installHint(),
    });
  }
  const { exitCode, stdout } = await run(file, ['--version'], { env: { PATH: env['PATH'] ?? '' } });
  const version = exitCode === 0 ? parseSkopeoVersion(stdout) : undefined;
  if (version === undefined) {
    throw new OciSaveError({
      code: 'machine',
      message: `${file} is no skopeo: it does not tell its version`,
      hint: 'Name another file with --skopeo.',
    });
  }
  if (!isAtLeast(version, OLDEST_SKOPEO)) {
    throw new OciSaveError({
      code: 'machine',
      message: `skopeo ${version} (${file}) is too old: it cannot preserve digests; ${OLDEST_SKOPEO} can`,
      hint: await installHint(),
    });
  }
  return { file, version };
}

async function search(env: Readonly<Record<string, string | undefined>>): Promise<string | undefined> {
  const folders = (env['PATH'] ?? '').split(path.delimiter).filter((folder) => folder !== '');
  for (const folder of [...folders, ...BREW_FOLDERS]) {
    const file = path.join(folder, 'skopeo');
    if (await isExecutable(file)) return file;
  }
  return undefined;
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

const INSTALL_COMMANDS: readonly (readonly [program: string, command: string])[] = [
  ['/usr/bin/apt-get', 'sudo apt-get install -y skopeo'],
  ['/usr/bin/dnf', 'sudo dnf install -y skopeo'],
  ['/sbin/apk', 'sudo apk add skopeo'],
  ['/usr/bin/zypper', 'sudo zypper install -y skopeo'],
  ['/opt/homebrew/bin/brew', 'brew install skopeo'],
  ['/usr/local/bin/brew', 'brew install skopeo'],
];

async function installHint(): Promise<string> {
  for (const [program, command] of INSTALL_COMMANDS) {
    if (await isExecutable(program))
      return `Install it with '${command}', or copy without it: --copier direct.`;
  }
  return 'Install skopeo 1.6 or newer, or copy without it: --copier direct.';
}
