import { OciSaveError } from '../../errors.ts';
import { formatOrigin, type ImageRequest } from '../../list/index.ts';
import { isSparse, type LockedImage, splitName, storedNames, taggedDigest } from '../../lock/index.ts';
import { digestTag } from '../../oci/digest.ts';
import { isDockerType } from '../../oci/media-type.ts';
import { formatPlatform, matchesPlatform, missingPlatforms, parsePlatform } from '../../oci/platform.ts';
import { nameOf, parseReference } from '../../oci/reference.ts';
import { isSignatureType } from '../../oci/referrer.ts';
import type { NamingRule, OptionName, SaveOptions } from '../../options/index.ts';
import { formatCount } from '../../text/bytes.ts';
import { kebab, option, type Hint, hint } from '../../text/hint.ts';

/** An option that a lock answers itself. Its default asks for nothing. */
interface LockedOption {
  readonly name: OptionName;
  /** As the user wrote it; undefined where nothing is asked for. */
  readonly asked: (options: SaveOptions) => string | undefined;
  /** What a lock says of an image, where that is something else than what is asked for. */
  readonly other: (image: LockedImage, options: SaveOptions) => string | undefined;
}

/** Every option of a save that changes what a lock says of an image. */
const LOCKED_OPTIONS: readonly LockedOption[] = [
  {
    name: 'platforms',
    asked: ({ platforms }) => (platforms === 'all' ? platforms : platforms?.map(formatPlatform).join(',')),
    other: otherPlatforms,
  },
  {
    name: 'naming',
    asked: ({ naming }) => (naming.length === 0 ? undefined : naming.map(formatRule).join(',')),
    other: ({ names, ...image }, { naming }) =>
      givesNames({ names, ...image }, naming) ? undefined : `the names ${names.join(', ')}`,
  },
  {
    name: 'index',
    asked: ({ index }) => (index === 'auto' ? undefined : index),
    other: (image, { index }) => {
      const mayDiffer = image.index !== undefined || isSparse(image);
      return !mayDiffer || image.index === index ? undefined : `index ${image.index ?? 'auto'}`;
    },
  },
  {
    name: 'format',
    asked: ({ format }) => (format === 'keep' ? undefined : format),
    other: (image) => (hasDocker(image) ? 'format keep' : undefined),
  },
];

/**
 * Refuses options that ask for something else than a list that is a lock says of its images, which are saved as they are
 * locked. What an option would not change contradicts nothing. Pure.
 * @throws OciSaveError `usage` with a sentence for each such option
 */
export function refuseContradictions(options: SaveOptions, requests: readonly ImageRequest[]): void {
  const locked = requests.flatMap((request) => {
    const { locked: image } = request;
    return image === undefined ? [] : [{ image, request }];
  });
  const faults = LOCKED_OPTIONS.flatMap(({ name, asked, other }): Fault[] => {
    const value = asked(options);
    if (value === undefined) return [];
    const others = locked.flatMap(({ image, request }) => {
      const has = other(image, options);
      return has === undefined ? [] : [{ request, has }];
    });
    return faultOf(name, value, others);
  });
  faults.push(...otherReferrers(options, locked));
  const [first] = faults;
  if (first === undefined) return;
  const named = faults.map(({ name }) => name);
  throw new OciSaveError({
    code: 'usage',
    message: faults.map(({ message }) => message).join('\n'),
    hint: adviceOf([first.name, ...named.slice(1)]),
  });
}

interface Fault {
  readonly name: OptionName;
  readonly message: string;
}

interface Other {
  readonly request: ImageRequest;
  /** What its lock says. */
  readonly has: string;
}

function faultOf(name: OptionName, value: string, others: readonly Other[]): Fault[] {
  const [first, ...more] = others;
  if (first === undefined) return [];
  const { request, has } = first;
  const rest = more.length === 0 ? '' : `; it contradicts ${formatCount(more.length, 'more image')}`;
  const place = formatOrigin(request.origin);
  return [
    {
      name,
      message: `${kebab(name)}: ${value} contradicts ${place}, which has ${request.written} with ${has}${rest}`,
    },
  ];
}

function adviceOf([first, ...more]: readonly [OptionName, ...OptionName[]]): Hint {
  const named = more.reduce<Hint>((words, name) => hint`${words}, ${option(name)}`, hint`${option(first)}`);
  return hint`A lock is saved as it is: leave out ${named}, or save the list of which the lock was made.`;
}

/** A platform more or less than is asked for; of an artifact, nothing. */
function otherPlatforms(
  image: LockedImage,
  { platforms, onMissingPlatform }: SaveOptions,
): string | undefined {
  if (platforms === undefined || image.platforms.length === 0) return undefined;
  const has = `the platforms ${image.platforms.join(', ')}`;
  if (platforms === 'all') return isSparse(image) || image.index === 'narrow' ? `${has} alone` : undefined;
  const present = image.platforms.map(parsePlatform);
  const byDigest = Map.groupBy(image.leaves, ({ digest }) => digest);
  // A manifest that is listed for several platforms is taken for one of them.
  const isTaken = [...byDigest.values()].every((leaves) => {
    const own = leaves.flatMap(({ platform }) => (platform === undefined ? [] : parsePlatform(platform)));
    return own.length === 0 || own.some((one) => platforms.some((wanted) => matchesPlatform(wanted, one)));
  });
  const lacks = missingPlatforms(platforms, present).length > 0 && onMissingPlatform === 'fail';
  return lacks || !isTaken ? has : undefined;
}

function formatRule(rule: NamingRule): string {
  return rule.kind === 'prefix' ? `${rule.from}=${rule.to}` : rule.kind;
}

/**
 * Whether naming rules give the names that an image has: of its reference, or of names that its list gave it, which are
 * among them.
 */
function givesNames(image: LockedImage, rules: readonly NamingRule[]): boolean {
  const own = parseReference(image.ref);
  const sources = [
    { reference: own, tag: own.tag ?? digestTag(taggedDigest(image)) },
    ...image.names.map((stored) => ({ reference: parseReference(stored), tag: splitName(stored).tag })),
  ];
  const names = new Set(image.names);
  const given = new Set<string>();
  for (const { reference, tag } of sources) {
    const plain = storedNames(reference, rules);
    const all = (plain.length > 0 ? plain : [nameOf(reference)]).map((name) => `${name}:${tag}`);
    if (all.every((name) => names.has(name))) for (const name of all) given.add(name);
  }
  return given.size === names.size;
}

function hasDocker({ mediaType, rootMediaType, leaves, format }: LockedImage): boolean {
  if (format === 'oci') return false;
  return [mediaType, rootMediaType, ...leaves.map((leaf) => leaf.mediaType)].some(isDockerType);
}

/**
 * A lock has the referrers that were found, and not what was looked for: `all` fits where it has any, `signatures` where
 * it has nothing else.
 */
function otherReferrers(
  { referrers: asked }: SaveOptions,
  locked: readonly { readonly image: LockedImage; readonly request: ImageRequest }[],
): Fault[] {
  if (asked === 'none' || locked.length === 0) return [];
  const byFile = Map.groupBy(locked, ({ request }) => request.origin.file);
  const others = [...byFile.values()].flatMap((images): Other[] => {
    const [first] = images;
    if (first === undefined) return [];
    const { request } = first;
    if (images.every(({ image }) => image.referrers.length === 0))
      return [{ request, has: 'no referrers, as all of its images' }];
    if (asked === 'all') return [];
    const more = images.find(({ image }) => !image.referrers.every(isSignature));
    return more === undefined ? [] : [{ request: more.request, has: 'referrers that are no signatures' }];
  });
  return faultOf('referrers', asked, others);
}

function isSignature({ artifactType = '', tag }: LockedImage['referrers'][number]): boolean {
  return isSignatureType(artifactType) || tag?.endsWith('.sig') === true;
}
