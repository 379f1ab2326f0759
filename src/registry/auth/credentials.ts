import { DEFAULT_REGISTRY } from '../../oci/reference.ts';
import type { Repository } from '../repository.ts';

interface User {
  readonly username: string;
  readonly password: string;
}

/** Where a login was found, as messages name it: never a secret. */
export interface LoginPlace {
  /** `auths 'registry.example' in /home/me/.docker/config.json` */
  readonly words: string;
  /** The option that has it, by its camelCase name. */
  readonly option?: string | undefined;
}

/** A login to a registry. An identity token is exchanged for access tokens (OAuth2's refresh token). */
export type Credentials = (User | { readonly identityToken: string }) & {
  readonly from?: LoginPlace | undefined;
};

/** Every text in which the secret of credentials appears, on the wire and in auth files. */
export function secretsOf(credentials: Credentials): string[] {
  if ('identityToken' in credentials) return [credentials.identityToken];
  return [credentials.password, base64Of(credentials)];
}

/** Whether two logins are the same, wherever they were found. */
export function sameCredentials(a: Credentials | undefined, b: Credentials | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  if ('identityToken' in a) return 'identityToken' in b && a.identityToken === b.identityToken;
  return 'username' in b && a.username === b.username && a.password === b.password;
}

/** The Authorization header's value for a user: RFC 7617, in UTF-8. */
export function basicHeader(user: User): string {
  return `Basic ${base64Of(user)}`;
}

function base64Of({ username, password }: User): string {
  return Buffer.from(`${username}:${password}`, 'utf8').toString('base64');
}

/** The name under which docker stores a login to Docker Hub, and asks helpers for it. */
export const DOCKER_HUB_SERVER = 'https://index.docker.io/v1/';

const DOCKER_HUB = new Set([
  DEFAULT_REGISTRY,
  'index.docker.io',
  'registry-1.docker.io',
  'registry.hub.docker.com',
  'hub.docker.com',
]);

/**
 * An auth file's key as `domain` or `domain/namespace`. Keys with a scheme are docker's: the host alone
 * counts, as containers/image has it. Without one, a slash at the end marks an address; other paths are
 * podman's namespaces.
 */
export function normalizeKey(key: string): string {
  const bare = key.trim().replace(/^https?:\/\//i, '');
  const addressed = bare !== key.trim();
  const [host = '', ...rest] = bare.split('/');
  const path = rest.join('/');
  const domain = DOCKER_HUB.has(host.toLowerCase()) ? DEFAULT_REGISTRY : host.toLowerCase();
  if (addressed || path === '' || /^v[12]\/$/.test(path)) return domain;
  return `${domain}/${path.replace(/\/$/, '')}`;
}

/** The keys that a repository's credentials may have, the longest first. */
export function lookupKeys({ domain, path }: Repository): string[] {
  const parts = path.split('/');
  const namespaces = parts.map((_, index) => parts.slice(0, parts.length - index).join('/'));
  return [...namespaces.map((namespace) => `${domain.toLowerCase()}/${namespace}`), domain.toLowerCase()];
}

/**
 * The entry for a repository, with its key as the file has it: the longest key wins; among forms of one key, the normal
 * one, then the file's order.
 */
export function findEntry<T>(
  entries: ReadonlyMap<string, T>,
  repository: Repository,
): { key: string; value: T } | undefined {
  for (const wanted of lookupKeys(repository)) {
    const matches = [...entries].filter(([key]) => normalizeKey(key) === wanted);
    const [key, value] = matches.find(([key]) => key === wanted) ?? matches[0] ?? [];
    if (key !== undefined && value !== undefined) return { key, value };
  }
  return undefined;
}
