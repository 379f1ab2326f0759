import type { Repository } from '../repository.ts';
import type { CredentialStore } from './combined-stores.ts';
import { normalizeKey } from './credentials.ts';
import type { GivenLogin } from './given-logins.ts';

/** The logins of a run: those of its lists count for keys that its own option does not have. */
export function withListLogins(own: readonly GivenLogin[], listed: readonly GivenLogin[]): GivenLogin[] {
  const keys = new Set(own.map(({ registry }) => normalizeKey(registry)));
  return [...own, ...listed.filter(({ registry }) => !keys.has(normalizeKey(registry)))];
}

/**
 * A store that asks `pushed` for the repositories below some targets, and `others` for the rest: the users that a list
 * names read its images, and push nothing.
 */
export function apartFrom(
  targets: readonly { readonly domain: string; readonly prefix: string }[],
  pushed: CredentialStore,
  others: CredentialStore,
): CredentialStore {
  const isBelow = ({ domain, path }: Repository): boolean =>
    targets.some(
      (target) =>
        target.domain === domain && (target.prefix === '' || `${path}/`.startsWith(`${target.prefix}/`)),
    );
  return { find: (repository, options) => (isBelow(repository) ? pushed : others).find(repository, options) };
}
