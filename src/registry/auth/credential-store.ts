import { stat } from 'node:fs/promises';
import { devNull } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { OciSaveError, systemCodeOf } from '../../errors.ts';
import { openRegular } from '../../files/index.ts';
import type { Environment } from '../../http/index.ts';
import { DEFAULT_REGISTRY } from '../../oci/reference.ts';
import { type AuthFile, parseAuthFile } from './auth-file.ts';
import { callHelper } from './credential-helper.ts';
import { type Credentials, DOCKER_HUB_SERVER, findEntry, secretsOf } from './credentials.ts';
import type { Repository } from '../repository.ts';

interface AuthFilePlace {
  readonly path: string;
  /** The form of ~/.dockercfg. */
  readonly legacy: boolean;
  /**
   * What named it. A file that the option names has to exist; in folders that are searched, one that cannot be read is
   * passed over. The runtime folder belongs to its user alone, as the XDG Base Directory specification has it.
   */
  readonly from: 'option' | 'variable' | 'runtime' | 'home';
}

interface AuthFileSearch {
  /** The option `auth-file`. */
  readonly authFile?: string | undefined;
  readonly env: Environment;
  /** The numeric user on Linux, whose runtime folder is known without XDG_RUNTIME_DIR. */
  readonly userId?: number | undefined;
}

const MAX_AUTH_FILE_BYTES = 1024 * 1024;

export interface CredentialStore {
  /**
   * The credentials for a repository; undefined means anonymous. `fresh` calls a helper again instead of using its last
   * result: cloud passwords expire after hours.
   */
  find(repository: Repository, options?: { readonly fresh?: boolean }): Promise<Credentials | undefined>;
}

export interface CredentialStoreOptions extends AuthFileSearch {
  /** Called once per key with the file and key that were chosen; never with the secret. */
  readonly onFound?: (message: string) => void;
  /** Called for each file that is passed over. */
  readonly onWarning?: (message: string) => void;
}

/** No login at all. */
export const anonymous: CredentialStore = { find: () => Promise.resolve(undefined) };

/** Asks one store after the other; the first that has credentials for the repository decides. */
export function firstOf(...stores: readonly CredentialStore[]): CredentialStore {
  return {
    async find(repository, options) {
      for (const store of stores) {
        const credentials = await store.find(repository, options);
        if (credentials) return credentials;
      }
      return undefined;
    },
  };
}

/** The same store, which reports every secret before it returns it: a log may have to know what to hide. */
export function announcing(store: CredentialStore, onSecret: (secret: string) => void): CredentialStore {
  return {
    async find(repository, options) {
      const credentials = await store.find(repository, options);
      if (credentials) secretsOf(credentials).forEach(onSecret);
      return credentials;
    },
  };
}

/**
 * Reads the auth files that skopeo reads, in its order. The first file that has an entry wins; inside a file
 * the order is `credHelpers`, a non-empty entry of `auths`, `credsStore`, as docker has it.
 * One that is only searched for, and cannot be read, is passed over; so is one of another user in a runtime folder, which
 * an environment keeps when its user changes.
 * @throws OciSaveError `usage` for a named file that cannot be read, and for any that is not an auth file; an absent file
 *   is not an error, except where the option names it.
 */
export async function openCredentialStore(options: CredentialStoreOptions): Promise<CredentialStore> {
  const userId = options.userId ?? (process.platform === 'linux' ? process.getuid?.() : undefined);
  const places = authFilePlaces({ ...options, userId });
  const files = (
    await Promise.all(places.map((place) => readAuthFile(place, userId, options.onWarning)))
  ).filter((file) => file !== undefined);
  const helpers = rememberedHelpers(options.env);
  const reported = new Set<string>();
  return {
    async find(repository, { fresh = false } = {}) {
      for (const file of files) {
        for (const step of stepsOf(file, repository)) {
          const credentials =
            'credentials' in step
              ? step.credentials
              : await helpers(file.path, step.helper, step.server, fresh);
          if (!credentials) continue;
          const message = `credentials for ${repository.domain}: ${file.path}, ${step.where}`;
          if (!reported.has(message)) options.onFound?.(message);
          reported.add(message);
          return credentials;
        }
      }
      return undefined;
    },
  };
}

/**
 * Where credentials are looked for, in order: containers-auth.json(5), as skopeo and podman do. A file that
 * is named, by option or by REGISTRY_AUTH_FILE, is the only one.
 */
export function authFilePlaces({ authFile, env, userId }: AuthFileSearch): AuthFilePlace[] {
  if (authFile) return [{ path: authFile, legacy: false, from: 'option' }];
  const named = env['REGISTRY_AUTH_FILE'];
  if (named) return [{ path: named, legacy: false, from: 'variable' }];
  const home = env['HOME'] || env['USERPROFILE'];
  const under = (folder: string | undefined, ...parts: string[]): string[] =>
    folder ? [join(folder, ...parts)] : [];
  const runtime = env['XDG_RUNTIME_DIR'] || (userId === undefined ? '' : `/run/containers/${userId}`);
  const runtimeParts = env['XDG_RUNTIME_DIR'] ? ['containers', 'auth.json'] : ['auth.json'];
  const runtimePaths = under(runtime, ...runtimeParts);
  const paths = [
    ...under(env['XDG_CONFIG_HOME'] || under(home, '.config')[0], 'containers', 'auth.json'),
    ...under(env['DOCKER_CONFIG'] || under(home, '.docker')[0], 'config.json'),
  ];
  const legacy = under(home, '.dockercfg');
  return [
    ...runtimePaths.map((path) => ({ path, legacy: false, from: 'runtime' as const })),
    ...paths.map((path) => ({ path, legacy: false, from: 'home' as const })),
    ...legacy.map((path) => ({ path, legacy: true, from: 'home' as const })),
  ];
}

type Step =
  | { readonly where: string; readonly credentials: Credentials }
  | { readonly where: string; readonly helper: string; readonly server: string };

/** The places in one file that may have a repository's credentials, in order. */
function stepsOf(file: AuthFile, repository: Repository): Step[] {
  const steps: Step[] = [];
  const helper = findEntry(file.credHelpers, repository);
  if (helper?.value) {
    steps.push({ where: `credHelpers '${helper.key}'`, helper: helper.value, server: helper.key });
  }
  const entry = findEntry(file.auths, repository);
  if (entry) steps.push({ where: `auths '${entry.key}'`, credentials: entry.value });
  // An empty helper name is docker's way to keep one host from the credsStore.
  if (file.credsStore !== undefined && helper?.value !== '') {
    const { domain } = repository;
    const key = findEntry(file.emptyAuths, repository)?.key;
    const server = key ?? (domain === DEFAULT_REGISTRY ? DOCKER_HUB_SERVER : domain);
    steps.push({ where: `credsStore '${file.credsStore}'`, helper: file.credsStore, server });
  }
  return steps;
}

/** A list of 300 images calls a helper once per server, and once more where its result was refused. */
function rememberedHelpers(env: Environment) {
  const calls = new Map<string, { readonly result: ReturnType<typeof callHelper>; settled: boolean }>();
  return (file: string, name: string, server: string, fresh: boolean): ReturnType<typeof callHelper> => {
    const key = JSON.stringify([name, server]);
    const remembered = calls.get(key);
    if (remembered && !(fresh && remembered.settled)) return remembered.result;
    const call = { result: callHelper({ name, server, file, env }), settled: false };
    calls.set(key, call);
    call.result.then(
      () => (call.settled = true),
      () => calls.delete(key),
    );
    return call.result;
  };
}

async function readAuthFile(
  { path, legacy, from }: AuthFilePlace,
  userId: number | undefined,
  onWarning: (message: string) => void = () => {},
): Promise<AuthFile | undefined> {
  const passOver = (why: string): undefined => {
    onWarning(
      `the auth file ${path} ${why}: passed over; set REGISTRY_AUTH_FILE where its logins are needed`,
    );
    return undefined;
  };
  const unreadable = (why: string, cause?: unknown): undefined => {
    if (from === 'runtime' || from === 'home') return passOver(`cannot be read (${why})`);
    throw new OciSaveError({
      code: 'usage',
      message: `the auth file ${path} cannot be read (${why})`,
      cause,
    });
  };
  // It means 'no logins'.
  if (path === devNull) return undefined;
  let bytes: Buffer;
  try {
    const { uid } = await stat(path);
    // root works for other users in containers, and the system's files are root's.
    if (from === 'runtime' && userId !== undefined && userId !== 0 && uid !== userId && uid !== 0)
      return passOver(`belongs to another user (${uid})`);
    const opened = await openRegular(path);
    if (!('handle' in opened)) return unreadable(opened.reason);
    // One byte more than allowed distinguishes a large file from an allowed one.
    bytes = await buffer(opened.handle.createReadStream({ end: MAX_AUTH_FILE_BYTES }));
  } catch (cause) {
    const code = systemCodeOf(cause);
    if (code === undefined) throw cause;
    if (from !== 'option' && (code === 'ENOENT' || code === 'ENOTDIR')) return undefined;
    return unreadable(code, cause);
  }
  if (bytes.length > MAX_AUTH_FILE_BYTES) {
    throw new OciSaveError({ code: 'usage', message: `the auth file ${path} is larger than 1 MiB` });
  }
  return parseAuthFile(bytes.toString('utf8'), path, { legacy });
}
