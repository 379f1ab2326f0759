import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Skopeo } from './find.ts';

/** What one skopeo process runs with. Paths are absolute; all of them lie in the run's folder. */
export interface SkopeoEnvironment {
  readonly env: Readonly<Record<string, string>>;
  /** Options that stand before the subcommand. */
  readonly globalArgs: readonly string[];
  readonly registriesFile: string;
  /** A folder without certificates, instead of the host's `certs.d`. */
  readonly certsFolder: string;
}

/** A skopeo, and what its processes run with. */
export interface SkopeoTools {
  readonly skopeo: Skopeo;
  readonly environment: SkopeoEnvironment;
}

/** Passed through, since our own client obeys them too. Nothing else of the caller's environment is. */
const INHERITED = [
  'PATH',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'no_proxy',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'SYSTEMROOT',
];

/**
 * Makes the private homes, policy and registries files that keep a host's container settings out of a run: a
 * policy may be missing, reject everything, or hold keys that this skopeo does not know.
 */
export async function createSkopeoEnvironment(
  runFolder: string,
  callerEnv: Readonly<Record<string, string | undefined>>,
): Promise<SkopeoEnvironment> {
  const base = path.join(runFolder, 'skopeo');
  const folder = (name: string): string => path.join(base, name);
  const registriesFile = folder('registries.conf');
  for (const name of ['home', 'runtime', 'config', 'data', 'cache', 'tmp', 'registries.d', 'certs.d']) {
    await mkdir(folder(name), { recursive: true, mode: 0o700 });
  }
  await writeFile(folder('policy.json'), '{"default":[{"type":"insecureAcceptAnything"}]}\n');
  await writeFile(registriesFile, '# Names are complete when they come here: no search, no mirrors.\n');
  const inherited = INHERITED.flatMap((name) => {
    const value = callerEnv[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    registriesFile,
    certsFolder: folder('certs.d'),
    globalArgs: ['--policy', folder('policy.json'), '--registries.d', folder('registries.d')],
    env: {
      ...Object.fromEntries(inherited),
      HOME: folder('home'),
      XDG_RUNTIME_DIR: folder('runtime'),
      XDG_CONFIG_HOME: folder('config'),
      XDG_DATA_HOME: folder('data'),
      XDG_CACHE_HOME: folder('cache'),
      TMPDIR: folder('tmp'),
      CONTAINERS_REGISTRIES_CONF: registriesFile,
    },
  };
}
