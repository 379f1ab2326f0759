import { OciSaveError } from '../../errors.ts';
import { refusalOf } from '../../registry/index.ts';
import { hint, option } from '../../text/hint.ts';
import type { PushName } from '../plan.ts';
import type { PushTarget } from '../../options/index.ts';

/** What a target will refuse, and for which names. */
export interface Issue {
  readonly error: unknown;
  readonly names: readonly PushName[];
}

const SHOWN = 20;

/** `a, b and 3 more` */
function listed(words: readonly string[]): string {
  const shown = words.slice(0, SHOWN).join(', ');
  const more = words.length - SHOWN;
  return more > 0 ? `${shown} and ${more} more` : shown;
}

const namesOf = (names: readonly PushName[]): string => listed(names.map(({ stored }) => stored));

/** Repositories that have to be created first. */
export function missingRepositories(
  { domain }: PushTarget,
  paths: readonly string[],
  { cause }: OciSaveError,
): OciSaveError {
  const isEcr = /\.dkr\.ecr(?:-fips)?\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?$/.test(domain);
  return new OciSaveError({
    code: 'not-found',
    message: `${domain} has no such repositories, and does not make them by itself: ${listed(paths)}`,
    hint: isEcr
      ? `for name in ${paths.join(' ')}; do aws ecr create-repository --repository-name "$name"; done`
      : hint`Make them there (${option('json')} lists them under missingRepositories), or push under the prefix of a project that exists.`,
    cause,
  });
}

/** Names with more parts than a registry takes. */
export function tooDeep(
  { domain, text, depth }: PushTarget,
  paths: readonly string[],
  most: number,
  first?: OciSaveError,
): OciSaveError {
  const bare = depth === undefined ? text : text.slice(0, text.lastIndexOf('@'));
  return new OciSaveError({
    code: 'unsupported',
    message: `${domain} seems to take names of ${most} parts at most, and refuses ${listed(paths)}`,
    hint: hint`Push to ${bare}@depth=${String(most)}: what is deeper is folded, a/b/c to a/b-c. Or save under shorter names (${option('naming')} FROM=TO).`,
    cause: first?.cause,
  });
}

/** Repositories that may not be written to, for the same reason. */
export function refusedRepositories(
  { domain }: PushTarget,
  paths: readonly string[],
  first: OciSaveError,
): OciSaveError {
  const { code, message, hintParts, cause } = first;
  const others = paths.length > 1 ? `, and the same for ${listed(paths.slice(1))}` : '';
  if (refusalOf(first)?.status !== 405)
    return new OciSaveError({ code, message: message + others, hint: hintParts, cause });
  return new OciSaveError({
    code: 'denied',
    message: `${domain} is read-only: ${message}${others}`,
    hint: 'Push to its writable address, or end its maintenance.',
    cause,
  });
}

/** Manifests of Docker's types, at a registry that takes OCI's alone. */
export function dockerRefused(domain: string, names: readonly PushName[], cause: OciSaveError): OciSaveError {
  return new OciSaveError({
    code: 'unsupported',
    message: `${domain} takes no manifests of Docker's types (${refusalOf(cause)?.status ?? 'refused'}), as these have: ${namesOf(names)}`,
    hint: hint`If it is zot: "compat": ["docker2s2"] in the http section of its configuration. Else save with ${option('format', 'oci')}, which changes their digests.`,
    cause: cause.cause,
  });
}

/** Indexes that lack children, at a registry that requires them all, where they may not be narrowed. */
export function sparseRefused({ domain }: PushTarget, names: readonly PushName[]): OciSaveError {
  return new OciSaveError({
    code: 'unsupported',
    message: `${domain} does not take an index some of whose children are missing, as of these: ${namesOf(names)}`,
    hint: hint`Save all their platforms, or let them be narrowed: ${option('index', 'auto')}.`,
  });
}
