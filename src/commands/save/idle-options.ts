import { type ImageList, type ImageRequest, referenceIn } from '../../list/index.ts';
import { idleRules } from '../../lock/index.ts';
import type { SaveOptions } from '../../options/index.ts';
import { parseReference, type Reference, withDefaultTag } from '../../oci/reference.ts';
import { idleLogins, idleMirrors } from '../../registry/index.ts';

/**
 * What was asked for by options and has no effect beside the others, one sentence each: whoever writes an option expects
 * something of it. Pure.
 */
export function idleOptions(
  options: SaveOptions,
  list: Pick<ImageList, 'requests' | 'leftOut' | 'usedVariables'>,
): string[] {
  const { requests } = list;
  const { output, archive, archiveName, splitSize, push, pushPolicy, release, releasePolicy, layout } =
    options;
  const isPacked = archive !== 'none' || release !== '';
  const idle: [isIdle: boolean, words: string][] = [
    [
      splitSize !== 0 && !isPacked,
      'split-size: nothing is split, since neither an archive nor a release is asked for',
    ],
    [
      archiveName !== '' && !isPacked,
      'archive-name: it names nothing, since neither an archive nor a release is asked for',
    ],
    [
      pushPolicy !== 'always' && push.length === 0,
      `push-policy: ${pushPolicy} applies to nothing, since no push is asked for`,
    ],
    [
      releasePolicy !== 'auto' && release === '',
      `release-policy: ${releasePolicy} applies to nothing, since no release is asked for`,
    ],
    [
      layout.length === 1 && output === 'none' && !isPacked,
      `layout: ${layout.join()} applies to nothing, since neither a folder nor an archive is written`,
    ],
  ];
  return [
    ...idle.flatMap(([isIdle, words]) => (isIdle ? [words] : [])),
    ...idleNaming(options, requests).map((rule) => `naming: ${rule} applies to no image`),
    ...idleMirrors(repositoriesOf(requests), options.mirrors).map(
      ({ prefix, location }) => `mirrors: ${prefix}=${location} applies to no image`,
    ),
    ...idlePorts(options, requests).map(
      ([name, used]) => `insecure-registries: ${name} applies to no registry: ${used} has another port`,
    ),
    ...options.vars
      .filter(({ name }) => !list.usedVariables.includes(name))
      .map(({ name }) => `vars: no entry has the variable ${name}`),
    ...list.leftOut
      .filter(({ place, count }) => place === undefined && count === 0)
      .map(({ rule }) => `ignore: ${rule} applies to no image`),
    ...idleUsers(options, requests).map((login) => `${login} applies to no image`),
  ];
}

/**
 * Insecure registries with another port than the one that is used of their host, each with that one. A host that is not
 * used at all may be one that registries send to, such as their token service.
 */
function idlePorts(
  { insecureRegistries, push, mirrors }: SaveOptions,
  requests: readonly ImageRequest[],
): [name: string, used: string][] {
  const read = repositoriesOf(requests).map(({ domain }) => domain);
  const used = [...read, ...push.map(({ domain }) => domain), ...mirrors.map(locationDomain)].map(withPort);
  const named = new Set(insecureRegistries.map(withPort));
  return insecureRegistries.flatMap((name) => {
    const host = withPort(name).replace(/:\d+$/, '');
    const [other] = used.filter((domain) => domain.replace(/:\d+$/, '') === host && !named.has(domain));
    return other === undefined || used.includes(withPort(name)) ? [] : [[name, other]];
  });
}

const locationDomain = ({ location }: SaveOptions['mirrors'][number]): string => location.split('/')[0] ?? '';

/** A domain with its port, which is that of https where none is written. */
const withPort = (domain: string): string => (/:\d+$/.test(domain) ? domain : `${domain}:443`).toLowerCase();

/** Users whose repositories are neither read nor written to. */
function idleUsers(
  { credentials, push, mirrors }: SaveOptions,
  requests: readonly ImageRequest[],
): ReturnType<typeof idleLogins> {
  return idleLogins(credentials, repositoriesOf(requests), [
    ...push.map(({ domain }) => domain),
    ...mirrors.map(locationDomain),
  ]);
}

/** What is read from registries. */
function repositoriesOf(requests: readonly ImageRequest[]): Reference[] {
  return requests.flatMap(({ source }) => (source.transport === 'docker' ? [source.reference] : []));
}

/** Rules that name nothing. Of a source that names its images itself no rule is known to be idle. */
function idleNaming({ naming }: SaveOptions, requests: readonly ImageRequest[]): string[] {
  const references = requests.map(({ source, storedAs, locked }) => {
    if (locked !== undefined) return [locked.ref, ...locked.names].map((name) => parseReference(name));
    if (storedAs.length > 0) return storedAs;
    const reference = referenceIn(source);
    return reference === undefined ? undefined : [withDefaultTag(reference)];
  });
  return references.includes(undefined)
    ? []
    : idleRules(
        references.flatMap((some) => some ?? []),
        naming,
      );
}
