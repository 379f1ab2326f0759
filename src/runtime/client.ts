import type { Emit } from '../events.ts';
import type { SaveOptions } from '../options/index.ts';
import {
  announcing,
  type CredentialStore,
  createRegistryClient,
  type Environment,
  firstOf,
  openCredentialStore,
  type RegistryClient,
} from '../registry/index.ts';

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

/** The registry client of a run, with its credentials. Throws `usage` for a bad auth file. */
export async function openClient(
  { authFile, insecureRegistries, retries }: Pick<SaveOptions, 'authFile' | 'insecureRegistries' | 'retries'>,
  io: ClientIo,
): Promise<{ client: RegistryClient; credentials: CredentialStore }> {
  const { env, emit } = io;
  const onWarning = (message: string): void => emit({ type: 'log', level: 'warning', message });
  const files = await openCredentialStore({ ...(authFile === '' ? {} : { authFile }), env, onWarning });
  const known = io.credentials === undefined ? files : firstOf(io.credentials, files);
  const credentials = io.onSecret === undefined ? known : announcing(known, io.onSecret);
  const client = createRegistryClient({
    credentials,
    insecureRegistries,
    retries,
    env,
    onWarning,
  });
  return { client, credentials };
}
