import { OciSaveError } from '../errors.ts';
import { formatOrigin, type ImageRequest, type Origin, type Source } from '../list/index.ts';
import { storedNames, whyUnstorable } from '../lock/index.ts';
import type { NamingRule } from '../options/index.ts';
import type { Digest } from '../oci/digest.ts';
import { formatPlatform, type PlatformChoice } from '../oci/platform.ts';
import { formatReference, nameOf, type Reference, withDefaultTag } from '../oci/reference.ts';

/** A stored name; without a tag where the image was asked for by digest alone. */
export interface StoredName {
  readonly name: string;
  readonly tag: string | undefined;
}

/** One image to resolve: all requests for it, joined. */
export interface WantedImage {
  /** The normalised reference, or the transport and path of a local source. */
  readonly ref: string;
  readonly source: Source;
  readonly origins: readonly Origin[];
  readonly platforms: PlatformChoice;
  readonly names: readonly StoredName[];
  /** True where the list gives no name, and the source's own was taken. */
  readonly namedBySource?: true;
  /** The digest that was written, where one was. */
  readonly pin: Digest | undefined;
}

/** How a source is named in messages and in the lock. */
export function refOf(source: Source): string {
  if (source.transport === 'docker') return formatReference(withDefaultTag(source.reference));
  if (source.transport === 'oci')
    return `oci:${source.path}${source.name === undefined ? '' : `:${source.name}`}`;
  const { path, reference } = source;
  return `docker-archive:${path}${reference === undefined ? '' : `:${formatReference(reference)}`}`;
}

/** The repository that an image comes from; undefined for what lies on this machine. */
export function repositoryOf({ source }: WantedImage): Reference | undefined {
  return source.transport === 'docker' ? source.reference : undefined;
}

/**
 * Joins requests for the same source: their platforms and their stored names add up. Names that zot could not
 * serve are refused here, before anything is asked. Throws `list` with all of them.
 */
export function joinRequests(
  requests: readonly ImageRequest[],
  defaults: { readonly platforms: PlatformChoice; readonly naming: readonly NamingRule[] },
): WantedImage[] {
  const byRef = new Map<string, WantedImage>();
  const refused: string[] = [];
  for (const request of requests) {
    const wanted = toWanted(request, defaults);
    refused.push(...refusals(wanted));
    const earlier = byRef.get(wanted.ref);
    byRef.set(wanted.ref, earlier ? join(earlier, wanted) : wanted);
  }
  if (refused.length > 0) {
    throw new OciSaveError({
      code: 'list',
      message: refused.join('\n'),
      hint: 'Store them under another name: source => name.',
    });
  }
  return [...byRef.values()];
}

function toWanted(
  request: ImageRequest,
  { platforms, naming }: { readonly platforms: PlatformChoice; readonly naming: readonly NamingRule[] },
): WantedImage {
  const { source, origin, storedAs } = request;
  const own = ownReference(source);
  const stored = storedAs.length > 0 ? storedAs : own === undefined ? [] : [own];
  return {
    ref: refOf(source),
    source,
    origins: [origin],
    platforms: request.platforms ?? platforms,
    names: stored.flatMap((reference) => namesOf(reference, naming)),
    pin: source.transport === 'docker' ? source.reference.digest : undefined,
  };
}

function ownReference(source: Source): Reference | undefined {
  if (source.transport === 'oci') return undefined;
  return source.reference === undefined ? undefined : withDefaultTag(source.reference);
}

/** The names of one stored reference under the naming rules, its own where no rule names it. */
export function namesOf(reference: Reference, naming: readonly NamingRule[]): StoredName[] {
  const names = storedNames(reference, naming);
  return (names.length > 0 ? names : [nameOf(reference)]).map((name) => ({ name, tag: reference.tag }));
}

function refusals({ ref, names, origins }: WantedImage): string[] {
  return names.flatMap(({ name }) => {
    const why = whyUnstorable(name);
    return why === undefined ? [] : [`${origins.map(formatOrigin).join(', ')}: ${ref}: ${why}`];
  });
}

function join(a: WantedImage, b: WantedImage): WantedImage {
  const names = new Map(
    [...a.names, ...b.names].map((stored) => [`${stored.name}:${stored.tag ?? ''}`, stored]),
  );
  return {
    ...a,
    origins: [...a.origins, ...b.origins],
    platforms: joinPlatforms(a.platforms, b.platforms),
    names: [...names.values()],
  };
}

function joinPlatforms(a: PlatformChoice, b: PlatformChoice): PlatformChoice {
  if (a === 'all' || b === 'all') return 'all';
  return [...new Map([...a, ...b].map((platform) => [formatPlatform(platform), platform])).values()];
}
