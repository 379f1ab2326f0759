import { formatSource, parseList } from '../../src/list/index.ts';
import type { ImageRequest, TagRequest } from '../../src/list/request.ts';
import { formatPlatform } from '../../src/oci/platform.ts';
import { formatReference } from '../../src/oci/reference.ts';

/** What a list gives, each element as one text that begins with its line in the file. Empty sets are left out. */
export interface ListSets {
  readonly format: string;
  /** `3 docker.io/library/busybox:1 [linux/amd64] => docker.io/library/x:1`. */
  readonly requests?: readonly string[];
  /** `3 quay.io/a/b {"allow":["^1"]}`. */
  readonly tags?: readonly string[];
  readonly candidates?: readonly string[];
  /** Reasons without their hints. */
  readonly rejects?: readonly string[];
  readonly warnings?: readonly string[];
  /** `3 registry.example user:password`. */
  readonly logins?: readonly string[];
  /** Rules for what is left out. */
  readonly leftOut?: readonly string[];
  readonly ignored?: readonly string[];
}

/** Reads a text as a list. @param vars the option of that name */
export function setsOf(
  text: string,
  file = 'list.yaml',
  format = 'auto',
  vars: Readonly<Record<string, string>> = {},
): ListSets {
  const list = parseList(new TextEncoder().encode(text), file, {
    format,
    defaultRegistry: 'docker.io',
    variables: { given: new Map(Object.entries(vars)) },
  });
  const sets = {
    requests: list.requests.map(showRequest),
    tags: list.tagRequests.map(showTags),
    candidates: list.candidates.map(({ origin, text: entry, why }) => `${origin.line} ${entry} (${why})`),
    rejects: list.rejects.map(({ origin, reason }) => `${origin.line} ${reason}`),
    warnings: list.warnings.map(({ origin, message }) => `${origin.line} ${message}`),
    logins: list.logins.map(
      ({ origin, registry, username, password }) =>
        `${origin.line} ${registry} ${username}:${password.reveal()}`,
    ),
    leftOut: list.ignoreRules.map(({ origin, text: rule, isRegex }) =>
      [origin.line, rule, ...(isRegex === true ? ['(regex)'] : [])].join(' '),
    ),
    ignored: list.ignored,
  };
  return {
    format: list.format,
    ...Object.fromEntries(Object.entries(sets).filter(([, elements]) => elements.length > 0)),
  };
}

function showRequest({ origin, source, platforms, storedAs }: ImageRequest): string {
  return `${origin.line} ${formatSource(source)}${showRest({ platforms, storedAs })}`;
}

function showTags({ origin, repository, selection, platforms, storedAs }: TagRequest): string {
  const { allow, deny, versions, newest } = selection;
  const rules = Object.entries({ allow, deny, versions }).filter(([, texts]) => texts.length > 0);
  const shown = JSON.stringify({ ...Object.fromEntries(rules), ...(newest === undefined ? {} : { newest }) });
  return `${origin.line} ${formatReference(repository)} ${shown}${showRest({ platforms, storedAs })}`;
}

function showRest({ platforms, storedAs }: Pick<ImageRequest, 'platforms' | 'storedAs'>): string {
  const taken =
    platforms === undefined || platforms === 'all' ? platforms : platforms.map(formatPlatform).join();
  const names = storedAs.map(formatReference).join();
  return (taken === undefined ? '' : ` [${taken}]`) + (names === '' ? '' : ` => ${names}`);
}
