import { stat } from 'node:fs/promises';
import { devNull } from 'node:os';
import { buffer } from 'node:stream/consumers';
import { OciSaveError, systemCodeOf } from '../../errors.ts';
import { openRegular } from '../../files/index.ts';
import type { Environment } from '../../http/index.ts';
import { DEFAULT_REGISTRY } from '../../oci/reference.ts';
import { showText } from '../../oci/reference-quote.ts';
import { type AuthFile, parseAuthFile } from './auth-file.ts';
import { type AuthFilePlace, type AuthFileSearch, authFilePlaces } from './auth-places.ts';
import type { CredentialStore } from './combined-stores.ts';
import { callHelper } from './credential-helper.ts';
import { type Credentials, DOCKER_HUB_SERVER, findEntry } from './credentials.ts';
import type { Repository } from '../repository.ts';

const MAX_AUTH_FILE_BYTES = 1024 * 1024;

export interface CredentialStoreOptions extends AuthFileSearch {
  /** Called with the auth files that were read, or with the places where none was. */
  readonly onRead?: (message: string) => void;
  /** How long a helper may take. */
  readonly helperMilliseconds?: number | undefined;
  /** Called for each file that is passed over. */
  readonly onWarning?: (message: string) => void;
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
  const places = authFilePlaces({ platform: process.platform, ...options, userId });
  const files = (
    await Promise.all(places.map((place) => readAuthFile(place, userId, options.onWarning)))
  ).filter((file) => file !== undefined);
  const helpers = rememberedHelpers(options.env, options.helperMilliseconds);
  options.onRead?.(readMessage(files, places));
  return {
    async find(repository, { fresh = false } = {}) {
      for (const file of files) {
        for (const step of stepsOf(file, repository)) {
          const credentials =
            'credentials' in step
              ? step.credentials
              : await helpers(file.path, step.helper, step.server, fresh);
          if (credentials) return { ...credentials, from: { words: `${step.where} in ${file.path}` } };
        }
      }
      return undefined;
    },
  };
}

function readMessage(files: readonly AuthFile[], places: readonly AuthFilePlace[]): string {
  if (files.length > 0) return `auth files: ${files.map(({ path }) => path).join(', ')}`;
  return `auth files: none; looked for ${places.map(({ path }) => path).join(', ')}`;
}

type Step =
  | { readonly where: string; readonly credentials: Credentials }
  | { readonly where: string; readonly helper: string; readonly server: string };

/** The places in one file that may have a repository's credentials, in order. */
function stepsOf(file: AuthFile, repository: Repository): Step[] {
  const steps: Step[] = [];
  const helper = findEntry(file.credHelpers, repository);
  if (helper?.value) {
    steps.push({
      where: `credHelpers ${showText(helper.key)} (docker-credential-${helper.value})`,
      helper: helper.value,
      server: helper.key,
    });
  }
  const entry = findEntry(file.auths, repository);
  if (entry) steps.push({ where: `auths ${showText(entry.key)}`, credentials: entry.value });
  // An empty helper name is docker's way to keep one host from the credsStore.
  if (file.credsStore !== undefined && helper?.value !== '') {
    const { domain } = repository;
    const key = findEntry(file.emptyAuths, repository)?.key;
    const server = key ?? (domain === DEFAULT_REGISTRY ? DOCKER_HUB_SERVER : domain);
    steps.push({
      where: `credsStore (docker-credential-${file.credsStore}) for ${showText(server)}`,
      helper: file.credsStore,
      server,
    });
  }
  return steps;
}

/** A list of 300 images calls a helper once per server, and once more where its result was refused. */
function rememberedHelpers(env: Environment, limitMilliseconds: number | undefined) {
  const calls = new Map<string, { readonly result: ReturnType<typeof callHelper>; settled: boolean }>();
  return (file: string, name: string, server: string, fresh: boolean): ReturnType<typeof callHelper> => {
    const key = JSON.stringify([name, server]);
    const remembered = calls.get(key);
    if (remembered && !(fresh && remembered.settled)) return remembered.result;
    const call = { result: callHelper({ name, server, file, env, limitMilliseconds }), settled: false };
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
