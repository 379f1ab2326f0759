import { join } from 'node:path';
import type { Environment } from '../../http/index.ts';

export interface AuthFilePlace {
  readonly path: string;
  /** The form of ~/.dockercfg. */
  readonly legacy: boolean;
  /**
   * What named it. A file that the option names has to exist; in folders that are searched, one that cannot be read is
   * passed over. The runtime folder belongs to its user alone, as the XDG Base Directory specification has it.
   */
  readonly from: 'option' | 'variable' | 'runtime' | 'home';
}

export interface AuthFileSearch {
  /** The option `auth-file`. */
  readonly authFile?: string | undefined;
  readonly env: Environment;
  /** The numeric user on Linux, whose runtime folder is known without XDG_RUNTIME_DIR. */
  readonly userId?: number | undefined;
  /** Elsewhere than on Linux there is no runtime folder, and podman writes to `~/.config`, whatever XDG_CONFIG_HOME is. */
  readonly platform?: NodeJS.Platform | undefined;
}

/**
 * Where credentials are looked for, in order: containers-auth.json(5), as skopeo and podman do. A file that
 * is named, by option or by REGISTRY_AUTH_FILE, is the only one.
 */
export function authFilePlaces({
  authFile,
  env,
  userId,
  platform = 'linux',
}: AuthFileSearch): AuthFilePlace[] {
  if (authFile) return [{ path: authFile, legacy: false, from: 'option' }];
  const named = env['REGISTRY_AUTH_FILE'];
  if (named) return [{ path: named, legacy: false, from: 'variable' }];
  const home = env['HOME'] || env['USERPROFILE'];
  const under = (folder: string | undefined, ...parts: string[]): string[] =>
    folder ? [join(folder, ...parts)] : [];
  const runtime = env['XDG_RUNTIME_DIR'] || (userId === undefined ? '' : `/run/containers/${userId}`);
  const runtimeParts = env['XDG_RUNTIME_DIR'] ? ['containers', 'auth.json'] : ['auth.json'];
  const isLinux = platform === 'linux';
  const runtimePaths = isLinux ? under(runtime, ...runtimeParts) : [];
  const paths = [
    ...(isLinux ? [] : under(home, '.config', 'containers', 'auth.json')),
    ...under(env['XDG_CONFIG_HOME'] || under(home, '.config')[0], 'containers', 'auth.json'),
    ...under(env['DOCKER_CONFIG'] || under(home, '.docker')[0], 'config.json'),
  ];
  const legacy = under(home, '.dockercfg');
  return [
    ...runtimePaths.map((path) => ({ path, legacy: false, from: 'runtime' as const })),
    ...[...new Set(paths)].map((path) => ({ path, legacy: false, from: 'home' as const })),
    ...legacy.map((path) => ({ path, legacy: true, from: 'home' as const })),
  ];
}
