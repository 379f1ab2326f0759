import { OciSaveError } from '../errors.ts';
import {
  formatOrigin,
  formatSource,
  type HeldPlace,
  referenceIn,
  type ImageRequest,
  type Origin,
  type Source,
} from '../list/index.ts';
import { type LockedImage, splitName, storedNames, whyUnstorable } from '../lock/index.ts';
import type { NamingRule } from '../options/index.ts';
import type { Digest } from '../oci/digest.ts';
import { formatPlatform, missingPlatforms, parsePlatform, type PlatformChoice } from '../oci/platform.ts';
import { formatReference, nameOf, type Reference, withDefaultTag } from '../oci/reference.ts';
import { distinct } from './node.ts';

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
  /** True where the list gives no name, and the source's own name was taken. */
  readonly namedBySource?: true;
  /** The digest in the list's reference, if any. */
  readonly pin: Digest | undefined;
  /** As the lock in a list has it: nothing but this is saved. */
  readonly locked?: LockedImage | undefined;
  /** The bundle that has it, where its lock was read from there. */
  readonly held?: HeldPlace | undefined;
}

/** The digest by which an image is asked for, where it is not by a tag. */
export function fixedDigest({ pin, locked }: Pick<WantedImage, 'pin' | 'locked'>): Digest | undefined {
  return locked?.digest ?? pin;
}

/** The wanted platforms that an image with these ones does not have. */
export function missingFrom({ platforms }: WantedImage, present: readonly string[]): string[] {
  return missingPlatforms(platforms, present.map(parsePlatform)).map(formatPlatform);
}

/** How a source is named in messages and in the lock. */
export function refOf(source: Source): string {
  if (source.transport !== 'docker') return formatSource(source);
  return formatReference(withDefaultTag(source.reference));
}

/** The repository that an image comes from; undefined for a local source. */
export function repositoryOf({ source }: WantedImage): Reference | undefined {
  return source.transport === 'docker' ? source.reference : undefined;
}

/**
 * Joins requests for the same source: their platforms and their stored names add up. Names that zot could not
 * serve are refused here, before any request. Throws `list` with all of them.
 */
export function joinRequests(
  requests: readonly ImageRequest[],
  defaults: { readonly platforms: PlatformChoice; readonly naming: readonly NamingRule[] },
): WantedImage[] {
  const all = requests.map((request) => toWanted(request, defaults));
  const refused = all.flatMap(refusals);
  if (refused.length > 0) {
    throw new OciSaveError({
      code: 'list',
      message: refused
        .map(({ file, line, message }) => `${formatOrigin({ file, line })}: ${message}`)
        .join('\n'),
      hint: RENAME,
      details: refused,
    });
  }
  const joined = new Map<string, WantedImage>();
  for (const wanted of all) {
    const key = keyOf(wanted);
    const earlier = joined.get(key);
    joined.set(key, earlier ? join(earlier, wanted) : wanted);
  }
  return [...joined.values()];
}

/** What locks have is joined where they have the same: a reference may be locked with several digests. */
function keyOf({ ref, locked }: WantedImage): string {
  return locked === undefined ? ref : JSON.stringify({ ...locked, names: [] });
}

function toWanted(
  request: ImageRequest,
  { platforms, naming }: { readonly platforms: PlatformChoice; readonly naming: readonly NamingRule[] },
): WantedImage {
  const { source, origin, storedAs, locked } = request;
  if (locked !== undefined) return lockedWanted(request, locked);
  const own = referenceIn(source);
  const stored = storedAs.length > 0 || own === undefined ? storedAs : [withDefaultTag(own)];
  return {
    ref: refOf(source),
    source,
    origins: [origin],
    platforms: request.platforms ?? platforms,
    names: stored.flatMap((reference) => namesOf(reference, naming)),
    pin: source.transport === 'docker' ? source.reference.digest : undefined,
  };
}

/** Names and platforms are the lock's: no rule of the run applies to them. */
function lockedWanted(
  { source, origin, platforms = 'all', held }: ImageRequest,
  locked: LockedImage,
): WantedImage {
  return {
    ref: refOf(source),
    source,
    origins: [origin],
    platforms,
    names: locked.names.map(splitName),
    pin: undefined,
    locked,
    held,
  };
}

/** The names of one stored reference under the naming rules; its own name where they give none. */
export function namesOf(reference: Reference, naming: readonly NamingRule[]): StoredName[] {
  const names = storedNames(reference, naming);
  return (names.length > 0 ? names : [nameOf(reference)]).map((name) => ({ name, tag: reference.tag }));
}

const RENAME = 'Store them under another name: source => name.';

function refusals({ ref, names, origins }: WantedImage): (Origin & { readonly message: string })[] {
  return names.flatMap(({ name }) => {
    const why = whyUnstorable(name);
    return why === undefined ? [] : origins.map((origin) => ({ ...origin, message: `${ref}: ${why}` }));
  });
}

/** Two requests for one image as one. */
export function join(a: WantedImage, b: WantedImage): WantedImage {
  const names = new Map(
    [...a.names, ...b.names].map((stored) => [`${stored.name}:${stored.tag ?? ''}`, stored]),
  );
  return {
    ...a,
    origins: [...a.origins, ...b.origins],
    platforms:
      a.platforms === 'all' || b.platforms === 'all' ? 'all' : distinct([...a.platforms, ...b.platforms]),
    names: [...names.values()],
    held: a.held ?? b.held,
  };
}
