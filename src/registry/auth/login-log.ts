import type { Repository } from '../repository.ts';
import { type Credentials, sameCredentials } from './credentials.ts';

/** When registries accepted which login: a password that worked and is refused has ended, and is not just wrong. */
export interface LoginLog {
  accepted(repository: Repository, credentials: Credentials): void;
  /** When the registry last accepted it, for any repository or for this one alone; undefined where it never did. */
  workedUntil(
    repository: Repository,
    credentials: Credentials | undefined,
    scope: 'registry' | 'repository',
  ): Date | undefined;
}

interface Entry {
  readonly credentials: Credentials;
  registryAt: Date;
  readonly repositoryAt: Map<string, Date>;
}

export function createLoginLog(now: () => Date = () => new Date()): LoginLog {
  const domains = new Map<string, Entry[]>();
  const find = ({ domain }: Repository, credentials: Credentials): Entry | undefined =>
    domains.get(domain)?.find((entry) => sameCredentials(entry.credentials, credentials));
  return {
    accepted(repository, credentials) {
      const { domain, path } = repository;
      const at = now();
      const entry = find(repository, credentials);
      if (entry === undefined) {
        const first = { credentials, registryAt: at, repositoryAt: new Map([[path, at]]) };
        domains.set(domain, [...(domains.get(domain) ?? []), first]);
      } else {
        entry.registryAt = at;
        entry.repositoryAt.set(path, at);
      }
    },
    workedUntil(repository, credentials, scope) {
      const entry = credentials && find(repository, credentials);
      return scope === 'registry' ? entry?.registryAt : entry?.repositoryAt.get(repository.path);
    },
  };
}
