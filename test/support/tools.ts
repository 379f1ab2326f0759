import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Where `scripts/test-tools.ts` puts what it builds; the tests look there before PATH. */
export const TOOLS_BIN = join(
  import.meta.dirname,
  '..',
  '..',
  'node_modules',
  '.cache',
  'oci-save-tools',
  'bin',
);

/** Folders that a user's PATH often lacks: there are runc, containerd and Go. */
const SYSTEM_FOLDERS = ['/usr/sbin', '/usr/local/sbin', '/sbin', '/usr/local/go/bin'];

/** PATH for children: what `findTool` searches, in its order. */
export function toolsSearchPath(): string {
  return [TOOLS_BIN, ...(process.env['PATH'] ?? '').split(delimiter), ...SYSTEM_FOLDERS]
    .filter((folder) => folder !== '')
    .join(delimiter);
}

/**
 * The program's file: `<NAME>_BIN` of the environment (`ZOT_BIN`, `DOCKER_REGISTRY_BIN`), the tools' folder, PATH,
 * then the system's folders. Undefined where there is none; a `<NAME>_BIN` that is not a program is an error.
 */
export function findTool(name: string): string | undefined {
  const variable = `${name.toUpperCase().replaceAll('-', '_')}_BIN`;
  const given = process.env[variable];
  if (given !== undefined && given !== '') {
    if (!isProgram(given)) throw new Error(`${variable} names no program: ${given}`);
    return given;
  }
  return toolsSearchPath()
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find(isProgram);
}

/** As `findTool`; a missing program fails the test and says how it comes. */
export function toolPath(name: string): string {
  const path = findTool(name);
  if (path === undefined) throw new Error(`${name} is not installed: run 'node scripts/test-tools.ts'`);
  return path;
}

/**
 * A program and its arguments with root's rights over its own namespace: container runtimes need them. As root, the
 * program as it is; else in a user namespace, where the kernel lets users have one.
 */
export function asRoot(name: string, args: readonly string[]): [file: string, args: string[]] {
  const path = toolPath(name);
  if (process.getuid?.() === 0) return [path, [...args]];
  // Runtimes keep sockets and locks in /run, whatever they are told.
  const script = 'mount -t tmpfs none /run && exec "$0" "$@"';
  return [toolPath('unshare'), ['--user', '--map-root-user', '--mount', 'sh', '-c', script, path, ...args]];
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
