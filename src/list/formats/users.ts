import { withoutEnd } from '../../text/trim.ts';
import { isReference, nameOf, parseReference } from '../../oci/reference.ts';
import { showText } from '../../oci/reference-quote.ts';
import { Secret } from '../../text/secret.ts';
import type { Collector } from '../entry/findings.ts';
import { refusal } from '../problems.ts';
import { fieldOf, type Tree } from '../syntax/tree.ts';
import { textOf } from './fields.ts';

/** A user and a password that a list names. */
export interface NamedUser {
  readonly username: string;
  readonly password: Secret;
}

/**
 * The user of a mapping; undefined where both fields are missing or empty, as for a registry that anybody may read.
 * @param keys the names of the two fields
 * @throws OciSaveError `list` where only one of them is there
 */
export function userOf(
  tree: Tree | undefined,
  keys: readonly [username: string, password: string] = ['username', 'password'],
): NamedUser | undefined {
  const username = textOf(tree, keys[0]) ?? '';
  // Blanks at its ends belong to it, where it is in quotes; the end of the line of a block does not.
  const field = fieldOf(tree, keys[1]);
  const password = field === undefined ? '' : rawText(field, keys[1]).replace(/\n$/, '');
  if (username === '' && password === '') return undefined;
  if (username === '') throw refusal(`a password is given without a '${keys[0]}'`);
  if (password === '') throw refusal(`a user is given without a '${keys[1]}'`);
  // RFC 7617, 2: what follows the first colon is the password.
  if (/[:\n]/.test(username)) throw refusal('a username has a colon or several lines');
  return { username, password: new Secret(password) };
}

function rawText(tree: Tree, key: string): string {
  if (tree.kind === 'scalar') return tree.text;
  throw refusal(`'${key}' is not text`);
}

/**
 * A registry, or a registry with the first parts of repositories' names, in normal form. A scheme and docker's `/v1/`
 * are stripped.
 * @throws OciSaveError `list` for anything else
 */
export function scopeOf(text: string): string {
  // Its value is not known before the entry is added.
  if (text.includes('${')) return text;
  const bare = withoutEnd(text.replace(/^https?:\/\//i, ''), '/').replace(/\/v[12]$/, '');
  // A name below it shows whether the text can begin a reference, and gives its normal form.
  const below = `${bare}/x/x`;
  if (bare === '' || !isReference(below)) {
    throw refusal(`${showText(text)} is not a registry`, 'Write a host, with a port if necessary.');
  }
  return nameOf(parseReference(below)).replace(/\/x\/x$/, '');
}

/** Adds the user of a registry or of repositories. */
export function addUser(collector: Collector, line: number, registry: string, user: NamedUser): void {
  collector.addLogin(line, { registry: scopeOf(registry), ...user });
}

/** The user of one registry in a list that names its users apart from its images. */
export interface ListedUser {
  /** A registry, or the beginning of repositories' names. */
  readonly registry: string;
  readonly line: number;
  /** Whether the list asks not to verify it. */
  readonly isUnverified: boolean;
  /** Whether its user is written as a template that nobody fills here. */
  readonly isTemplate?: boolean;
  readonly user: NamedUser | undefined;
}

/**
 * Adds the users of a list whose images are read: mirror tools name users of their targets, too, which are not needed and
 * are noted.
 */
export function userAdder(collector: Collector): (listed: ListedUser) => void {
  const { requests, tagRequests } = collector.found;
  const domains = new Set([
    ...requests.map(({ source }) => (source.transport === 'docker' ? source.reference.domain : undefined)),
    ...tagRequests.map(({ repository }) => repository.domain),
  ]);
  return ({ registry, line, isUnverified, isTemplate = false, user }) => {
    const scope = scopeOf(registry);
    if (!scope.includes('${') && !domains.has(scope.split('/')[0])) {
      collector.ignore('users of targets');
      return;
    }
    if (isUnverified) warnOfUnverified(collector, line, registry);
    if (isTemplate)
      collector.addWarning(line, `the user of ${showText(registry)} is a template: it is not used`);
    if (user !== undefined) addUser(collector, line, registry, user);
  };
}

/**
 * Warns that a list wants no verification of a registry, or of all that it names: whoever wrote the list does not decide
 * on that.
 */
export function warnOfUnverified(collector: Collector, line: number, registry?: string): void {
  const unverified = registry === undefined ? 'its registries' : showText(registry);
  collector.addWarning(
    line,
    `the list asks not to verify ${unverified}: verification stays on, unless insecure-registries names the registry`,
  );
}
