import type { Repository } from '../repository.ts';
import { type Credentials, secretsOf } from './credentials.ts';

export interface CredentialStore {
  /**
   * The credentials for a repository; undefined means anonymous. `fresh` calls a helper again instead of using its last
   * result: cloud passwords expire after hours.
   */
  find(repository: Repository, options?: { readonly fresh?: boolean }): Promise<Credentials | undefined>;
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

/** The same store, which says once for each login that it finds where that was, and for each registry without one. */
export function telling(store: CredentialStore, tell: (message: string) => void): CredentialStore {
  const told = new Set<string>();
  return {
    async find(repository, options) {
      const credentials = await store.find(repository, options);
      const where = credentials === undefined ? 'none' : credentials.from?.words;
      const message = `credentials for ${repository.domain}: ${where ?? 'given by the caller'}`;
      if (!told.has(message)) tell(message);
      told.add(message);
      return credentials;
    },
  };
}
