import { OciSaveError } from '../../errors.ts';
import { quoteReference } from '../../oci/reference-quote.ts';
import type { Secret } from '../../text/secret.ts';
import type { Repository } from '../repository.ts';
import type { CredentialStore } from './combined-stores.ts';
import { type Credentials, lookupKeys, normalizeKey } from './credentials.ts';

/** One user of a registry, as the option `credentials` has it. */
export interface GivenLogin {
  /** `host`, `host:port`, or either with the first parts of repositories' names. */
  readonly registry: string;
  readonly username: string;
  readonly password: Secret;
  /** Where it stands in the option: `line 2`. */
  readonly place: string;
  /** The file that has it, as messages name it; the option itself where there is none. */
  readonly source?: string;
  /** The option that hints name; `credentials` where it is left out. */
  readonly option?: string;
}

/**
 * The logins of the option `credentials`: the longest prefix of a repository's name decides, as in auth files.
 * @throws OciSaveError `usage` where two users are given for one prefix
 */
export function givenLogins(logins: readonly GivenLogin[]): CredentialStore {
  const known = new Map<string, { readonly login: GivenLogin; readonly credentials: Credentials }>();
  for (const login of logins) {
    const { registry, username, password, place, source = 'credentials', option = 'credentials' } = login;
    const key = normalizeKey(registry);
    const other = known.get(key);
    if (other !== undefined) throw twice(other.login, login, key);
    const from = { words: `${place} of ${source}, for '${key}'`, option };
    known.set(key, { login, credentials: { username, password: password.reveal(), from } });
  }
  return {
    find(repository) {
      const key = lookupKeys(repository).find((one) => known.has(one));
      return Promise.resolve(key === undefined ? undefined : known.get(key)?.credentials);
    },
  };
}

/** How a message about a login begins: with the option, and with the file where it stands in one. */
function inSource({ source }: GivenLogin): string {
  return source === undefined ? 'credentials' : `credentials in ${source}`;
}

/**
 * The logins that no repository needs, in words with the place of each: whoever writes one expects something of it.
 * @param repositories that a run reads
 * @param domains of which it may use any repository, as those of push targets
 */
export function idleLogins(
  logins: readonly GivenLogin[],
  repositories: readonly Repository[],
  domains: readonly string[],
): string[] {
  const keys = new Set(logins.map(({ registry }) => normalizeKey(registry)));
  const used = new Set(repositories.map((repository) => lookupKeys(repository).find((key) => keys.has(key))));
  const whole = new Set(domains.map(normalizeKey));
  return logins
    .map((login) => ({ login, key: normalizeKey(login.registry) }))
    .filter(({ key }) => !used.has(key) && !whole.has(key.split('/')[0] ?? ''))
    .map(({ login, key }) => `${inSource(login)}: ${login.place}, for '${key}',`);
}

function twice(first: GivenLogin, second: GivenLogin, key: string): OciSaveError {
  const named = quoteReference(key) ?? 'one registry';
  return new OciSaveError({
    code: 'usage',
    message: `${inSource(second)}: ${first.place} and ${second.place} are both for ${named}`,
    hint: 'Several users of one registry have a prefix each: registry.example/team-a, registry.example/team-b.',
  });
}
