import { OciSaveError } from '../../src/errors.ts';
import {
  anonymous,
  createRegistryClient,
  type Credentials,
  type CredentialStore,
  type RegistryClient,
  type RegistryClientOptions,
  type Repository,
} from '../../src/registry/index.ts';
import type { Stub } from '../support/registry-stub.ts';

/** The error with which something fails. @throws Error where it succeeds, or fails with another kind */
export async function failureOf(attempt: Promise<unknown> | (() => Promise<unknown>)): Promise<OciSaveError> {
  try {
    await (typeof attempt === 'function' ? attempt() : attempt);
  } catch (error) {
    if (error instanceof OciSaveError) return error;
    throw error;
  }
  throw new Error('it did not fail');
}

export interface TestClient extends RegistryClient, Disposable {
  readonly warnings: readonly string[];
}

/** A client that may speak plain HTTP with the stubs, and waits milliseconds where others wait seconds. */
export function clientOf(
  stubs: readonly (Pick<Stub, 'host'> | string)[],
  options: Partial<RegistryClientOptions> = {},
): TestClient {
  const warnings: string[] = [];
  const client = createRegistryClient({
    credentials: anonymous,
    insecureRegistries: stubs.map((stub) => (typeof stub === 'string' ? stub : stub.host)),
    userAgent: 'oci-save/test',
    retries: 3,
    retryMilliseconds: 1,
    settleMilliseconds: 1,
    onWarning: (message) => warnings.push(message),
    ...options,
  });
  return { ...client, warnings, [Symbol.dispose]: () => client.close() };
}

export function repositoryAt({ host }: Pick<Stub, 'host'>, path = 'team/app'): Repository {
  return { domain: host, path };
}

/** The same credentials for everything. */
export function always(credentials: Credentials): CredentialStore {
  return { find: () => Promise.resolve(credentials) };
}

export function basicOf(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
