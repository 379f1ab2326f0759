import type { Emit } from '../events.ts';
import type { SaveOptions } from '../options/index.ts';
import {
  announcing,
  apartFrom,
  type CredentialStore,
  createRegistryClient,
  type Environment,
  firstOf,
  type GivenLogin,
  givenLogins,
  openCredentialStore,
  type RegistryClient,
  telling,
  withListLogins,
} from '../registry/index.ts';
import { type CertificateTrust, openTrust } from '../trust/index.ts';

/** What the front end gives every command. */
export interface CommandIo {
  readonly env: Environment;
  readonly emit: Emit;
  readonly signal?: AbortSignal | undefined;
}

/** What a command that sends requests to registries gets. */
export interface ClientIo extends CommandIo {
  /** Takes precedence over the auth files, which are read for repositories that it does not know. */
  readonly credentials?: CredentialStore | undefined;
  /** Called with every secret that is read, before it is used. */
  readonly onSecret?: ((secret: string) => void) | undefined;
}

/** What the options say about registries. */
export type ClientOptions = Pick<
  SaveOptions,
  'authFile' | 'certsDir' | 'caFile' | 'insecureRegistries' | 'retries'
> &
  Partial<Pick<SaveOptions, 'credentials' | 'push' | 'offline'>> & {
    /** Users that the run's lists name, for what is read. */
    readonly listLogins?: readonly GivenLogin[] | undefined;
  };

/** What a run speaks to registries with. */
export interface OpenedClient {
  readonly client: RegistryClient;
  readonly credentials: CredentialStore;
  readonly trust: CertificateTrust;
}

/**
 * The registry client of a run, with the certificates that it trusts, and its credentials: those of the caller first, then
 * the option's and the lists', then the auth files'.
 * @throws OciSaveError `usage` for a bad auth file, `ca-file` or `certs-dir`, for two users of one registry, and for a proxy
 *   that cannot be used
 */
export async function openClient(options: ClientOptions, io: ClientIo): Promise<OpenedClient> {
  const { authFile, credentials: logins = [], certsDir, caFile, insecureRegistries, retries } = options;
  const { listLogins = [], push = [] } = options;
  const { env, emit } = io;
  const onWarning = (message: string): void => emit({ type: 'log', level: 'warning', message });
  const onRead = (message: string): void => emit({ type: 'log', level: 'debug', message });
  const own = givenLogins(logins);
  const given =
    listLogins.length === 0 ? own : apartFrom(push, own, givenLogins(withListLogins(logins, listLogins)));
  const files = await openCredentialStore({
    ...(authFile === '' ? {} : { authFile }),
    env,
    onRead,
    onWarning,
  });
  const known = telling(firstOf(...(io.credentials ? [io.credentials] : []), given, files), onRead);
  const credentials = io.onSecret === undefined ? known : announcing(known, io.onSecret);
  const trust = await openTrust({ certsDir, caFile, env, onWarning, onRead });
  const client = createRegistryClient({
    credentials,
    trust: trust.of,
    insecureRegistries,
    retries,
    env,
    onWarning,
    offline: options.offline,
  });
  return { client, credentials, trust };
}
