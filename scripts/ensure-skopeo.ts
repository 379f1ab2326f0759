import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';

const INSTALLERS: readonly (readonly [program: string, args: readonly string[]])[] = [
  ['apt-get', ['install', '-y', '--no-install-recommends', 'skopeo']],
  ['dnf', ['install', '-y', 'skopeo']],
  ['apk', ['add', 'skopeo']],
  ['zypper', ['--non-interactive', 'install', 'skopeo']],
];

const FOLDERS = [
  ...(process.env['PATH'] ?? '').split(path.delimiter),
  '/opt/homebrew/bin',
  '/usr/local/bin',
  '/home/linuxbrew/.linuxbrew/bin',
];

function find(name: string): string | undefined {
  return FOLDERS.map((folder) => path.join(folder, name)).find((file) => existsSync(file));
}

/**
 * The path of skopeo: SKOPEO_BIN, the one that is here, or the one that root's package manager or Homebrew brings.
 * Ends the process with 2 and the line to run where there is none to be had.
 */
export async function ensureSkopeo(): Promise<string> {
  const here = process.env['SKOPEO_BIN'] ?? find('skopeo');
  if (here !== undefined) return here;
  const system = INSTALLERS.find(([program]) => find(program) !== undefined);
  const command = system ? `${system[0]} ${system[1].join(' ')}` : 'brew install skopeo';
  const isRoot = process.getuid?.() === 0;
  if (system && isRoot) {
    console.log(`installing skopeo: ${command}`);
    if (system[0] === 'apt-get') spawnSync('apt-get', ['update'], { stdio: 'ignore' });
    spawnSync(system[0], [...system[1]], { stdio: 'ignore' });
  } else if (find('brew') !== undefined) {
    console.log('installing skopeo: brew install skopeo');
    spawnSync(find('brew') ?? 'brew', ['install', 'skopeo'], { stdio: 'ignore' });
  }
  const found = find('skopeo');
  if (found !== undefined) return found;
  console.error(`The demo needs skopeo. Run: ${system && !isRoot ? 'sudo ' : ''}${command}`);
  process.exit(2);
}
