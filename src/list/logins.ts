import { showText } from '../oci/reference-quote.ts';
import { formatCount } from '../text/bytes.ts';
import type { Problem } from './problems.ts';
import { formatOrigin, type ListLogin, type NamedList, type Warning } from './request.ts';

/** The users that lists name, and what is wrong with them. */
export interface JoinedLogins {
  /** One for each key. */
  readonly logins: readonly ListLogin[];
  readonly problems: readonly Problem[];
  readonly warnings: readonly Warning[];
}

/**
 * Joins the users of all lists. Two users for one key are a problem: nothing tells which of them reads an image. A list
 * with passwords in it is warned of.
 */
export function joinLogins(lists: readonly NamedList[]): JoinedLogins {
  const known = new Map<string, ListLogin>();
  const problems: Problem[] = [];
  for (const login of lists.flatMap(({ logins }) => logins)) {
    const first = known.get(login.registry);
    if (first === undefined) known.set(login.registry, login);
    else if (!isSame(first, login)) {
      problems.push({
        ...login.origin,
        reason: `another user for ${showText(login.registry)} stands in ${formatOrigin(first.origin)}`,
        hint: 'Name one user for it, or a user for each repository.',
      });
    }
  }
  return { logins: [...known.values()], problems, warnings: lists.flatMap(warningsOf) };
}

function isSame(a: ListLogin, b: ListLogin): boolean {
  return a.username === b.username && a.password.reveal() === b.password.reveal();
}

function warningsOf({ logins }: NamedList): Warning[] {
  const plain = logins.filter(({ isFilled }) => !isFilled);
  const [first] = plain;
  if (first === undefined) return [];
  const users = new Set(plain.map(({ username }) => username)).size;
  return [
    {
      message: `it holds the passwords of ${formatCount(users, 'user')}: whoever can read the list can read them`,
      origin: first.origin,
    },
  ];
}
