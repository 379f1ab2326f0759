import { mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { readProxies } from '../http/index.ts';
import type { CertificateTrust, HostMaterial } from '../trust/index.ts';
import type { Skopeo } from './find.ts';

/** What one skopeo process runs with. Paths are absolute; all of them lie in the run's folder. */
export interface SkopeoEnvironment {
  readonly env: Readonly<Record<string, string>>;
  /** Where its processes write what they need for a while. */
  readonly temporary: string;
  /** The same for storages of the user, which are found by the user's own home and variables. */
  readonly storageEnv: Readonly<Record<string, string>>;
  /** The options that say where Docker's daemon is, with `src-` or nothing before their names. */
  readonly daemonFlags: (prefix: 'src-' | '') => readonly string[];
  /** Options that precede the subcommand. */
  readonly globalArgs: readonly string[];
  /**
   * The folder of certificates for a registry, instead of the host's `certs.d`: what the built-in client trusts there, and
   * shows there of its own.
   * @throws OciSaveError `local` for a folder of the user's that cannot be used
   */
  readonly certsFolder: (registry: URL) => Promise<string>;
}

/** A skopeo, and what its processes run with. */
export interface SkopeoTools {
  readonly skopeo: Skopeo;
  readonly environment: SkopeoEnvironment;
}

/** Passed on. Nothing else of the caller's environment is. */
const INHERITED = ['PATH', 'SYSTEMROOT'];

/**
 * Makes the private homes, policy and registries files that keep a host's container settings out of a run: a
 * policy may be missing, reject everything, or hold keys that this skopeo does not know.
 */
export async function createSkopeoEnvironment(
  runFolder: string,
  callerEnv: Readonly<Record<string, string | undefined>>,
  trust: CertificateTrust,
): Promise<SkopeoEnvironment> {
  const base = path.join(runFolder, 'skopeo');
  const folder = (name: string): string => path.join(base, name);
  const registriesFile = folder('registries.conf');
  for (const name of [
    'home',
    'runtime',
    'config',
    'data',
    'cache',
    'tmp',
    'registries.d',
    'certs.d',
    'none',
  ]) {
    await mkdir(folder(name), { recursive: true, mode: 0o700 });
  }
  await writeFile(folder('policy.json'), '{"default":[{"type":"insecureAcceptAnything"}]}\n');
  await writeFile(registriesFile, '# Names are complete when they come here: no search, no mirrors.\n');
  await writeFile(folder(AUTHORITIES), `${(await trust.authorities()).join('\n')}\n`);
  await writeFile(folder('no-authorities.pem'), '');
  const certs = certsFolders(folder('certs.d'), folder(AUTHORITIES), trust);
  const inherited = INHERITED.flatMap((name) => {
    const value = callerEnv[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  const env = {
    ...Object.fromEntries(inherited),
    ...readProxies(callerEnv),
    HOME: folder('home'),
    XDG_RUNTIME_DIR: folder('runtime'),
    XDG_CONFIG_HOME: folder('config'),
    XDG_DATA_HOME: folder('data'),
    XDG_CACHE_HOME: folder('cache'),
    TMPDIR: folder('tmp'),
    // The folder of certificates has all authorities. On macOS Go takes the system's as well, whatever these say.
    SSL_CERT_FILE: folder('no-authorities.pem'),
    SSL_CERT_DIR: folder('none'),
    CONTAINERS_REGISTRIES_CONF: registriesFile,
  };
  return {
    temporary: folder('tmp'),
    certsFolder: certs,
    globalArgs: [
      '--policy',
      folder('policy.json'),
      '--registries.d',
      folder('registries.d'),
      // It unpacks archives there, and what Docker’s daemon sends: in /var/tmp it would stay where a run is killed.
      '--tmpdir',
      folder('tmp'),
    ],
    env,
    storageEnv: storageEnvironment(env, callerEnv),
    daemonFlags: (prefix) => daemonFlags(prefix, callerEnv),
  };
}

/** Where the storage of Podman, Buildah and CRI-O is (containers/storage, storage.conf(5)). */
const OF_STORAGE = [
  'HOME',
  'XDG_RUNTIME_DIR',
  'XDG_CONFIG_HOME',
  'XDG_DATA_HOME',
  'CONTAINERS_STORAGE_CONF',
  'STORAGE_DRIVER',
  'STORAGE_OPTS',
];

/** The user's own home in the place of the private one. */
function storageEnvironment(
  env: Readonly<Record<string, string>>,
  callerEnv: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const storage: Record<string, string> = { ...env };
  for (const name of OF_STORAGE) {
    const value = callerEnv[name];
    delete storage[name];
    if (value !== undefined) storage[name] = value;
  }
  return storage;
}

/** skopeo reads none of the variables of docker's command. */
function daemonFlags(
  prefix: string,
  {
    DOCKER_HOST: host,
    DOCKER_CERT_PATH: certs,
    DOCKER_TLS_VERIFY: verify,
  }: Readonly<Record<string, string | undefined>>,
): string[] {
  return [
    ...(host === undefined || host === '' ? [] : [`--${prefix}daemon-host`, host]),
    ...(certs === undefined || certs === '' ? [] : [`--${prefix}cert-dir`, certs]),
    ...(certs !== undefined && certs !== '' && (verify ?? '') === '' ? [`--${prefix}tls-verify=false`] : []),
  ];
}

/** Whether Docker's daemon is reached through a network: by another address than a socket, or this machine's own. */
export function isDaemonElsewhere({ daemonFlags }: Pick<SkopeoEnvironment, 'daemonFlags'>): boolean {
  const [flag, host = ''] = daemonFlags('');
  if (flag !== '--daemon-host' || /^(?:unix|npipe|fd):/i.test(host)) return false;
  return !/^[a-z]+:\/\/(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])?(?::\d+)?\/?$/i.test(host);
}

const AUTHORITIES = 'authorities.crt';

/**
 * Folders of links, one for each host: to the authorities of every host, and to the files of the host's own folder, under
 * names that cannot meet. A link, so that no key is copied.
 */
function certsFolders(
  folder: string,
  authorities: string,
  trust: CertificateTrust,
): SkopeoEnvironment['certsFolder'] {
  const made = new Map<HostMaterial, Promise<string>>();
  const make = async ({ own }: HostMaterial, name: string): Promise<string> => {
    const place = path.join(folder, name);
    await mkdir(place, { mode: 0o700 });
    await symlink(authorities, path.join(place, AUTHORITIES));
    for (const file of own?.files ?? []) {
      await symlink(path.resolve(own?.folder ?? '', file), path.join(place, `own-${file}`));
    }
    return place;
  };
  return async (registry) => {
    const material = await trust.of(registry);
    const known = made.get(material) ?? make(material, String(made.size));
    made.set(material, known);
    return known;
  };
}

/**
 * Makes a home for one copy whose registries file maps its repository to itself. skopeo always reads the drop-ins of
 * `/etc/containers/registries.conf.d`, and they may block a registry, send its readers to a mirror, or take plain HTTP
 * for it. Those of its user's home come after them, and the longest prefix wins (containers/image, sysregistriesv2): a
 * whole repository's name is longer than any host's or organisation's.
 * @param folder the copy's own; several copies run at once
 * @param name the repository with its registry
 * @param insecure whether the user named the registry for plain HTTP or unverified TLS
 * @returns the home's path
 */
export async function makeOwnHome(folder: string, name: string, insecure: boolean): Promise<string> {
  const home = path.join(folder, 'home');
  const dropIns = path.join(home, '.config/containers/registries.conf.d');
  await mkdir(dropIns, { recursive: true, mode: 0o700 });
  // A name in JSON's quotes is a name in TOML's.
  const own = JSON.stringify(name);
  const lines = ['[[registry]]', `prefix = ${own}`, `location = ${own}`, `insecure = ${insecure}`];
  await writeFile(path.join(dropIns, 'own.conf'), `${lines.join('\n')}\n`);
  return home;
}
