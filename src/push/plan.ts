import { OciSaveError } from '../errors.ts';
import {
  areSame,
  type ChosenNames,
  type Lock,
  type LockedImage,
  type LockedReferrer,
  repositoryPath,
  splitName,
  taggedDigest,
} from '../lock/index.ts';
import { type Digest, shortDigest } from '../oci/digest.ts';
import type { Manifest } from '../oci/manifest.ts';
import { isDockerType } from '../oci/media-type.ts';
import { type Reachable, reachable } from '../oci/reachable.ts';
import type { PushTarget } from '../options/index.ts';
import { hint, option } from '../text/hint.ts';

/** What a name may refer to: the image as its source has it, or its substitute. */
export interface Variant extends Reachable {
  readonly digest: Digest;
  /** Whether it is the substitute: the leaf or the narrowed index of a sparse image. */
  readonly narrowed: boolean;
}

/** One name that a target is to have. */
export interface PushName {
  readonly ref: string;
  /** As the lock has it, `repository:tag`. */
  readonly stored: string;
  readonly to: Destination;
  /** The source's digest, or that of a conversion. */
  readonly digest: Digest;
  /** In the order in which they are tried. */
  readonly variants: readonly [Variant, ...Variant[]];
  /** Whether its index names children that are not saved. */
  readonly sparse: boolean;
  /** Its manifests of Docker's types. */
  readonly docker: readonly Digest[];
  /** Bytes of all its blobs. */
  readonly bytes: number;
  readonly referrers: readonly LockedReferrer[];
}

export type IndexChoice = 'auto' | 'keep' | 'narrow';

type Manifests = ReadonlyMap<Digest, { readonly manifest: Manifest }>;

interface Joined {
  readonly image: LockedImage;
  readonly stored: string;
  readonly to: Destination;
  readonly leaves: Set<Digest>;
  /** By digest and subject. */
  readonly referrers: Map<string, LockedReferrer>;
}

/**
 * The names that a target gets of a lock, largest first. Pure.
 * @param namesOf the names in place of a stored one; by default that one itself
 * @throws OciSaveError `usage` where two images would have one name there
 */
export function planPush(
  lock: Lock,
  manifests: Manifests,
  target: PushTarget,
  index: IndexChoice,
  namesOf?: ChosenNames['of'],
): PushName[] {
  return joinNames(lock, target, namesOf)
    .map((joined) => nameOf(joined, lock, manifests, index))
    .toSorted((a, b) => b.bytes - a.bytes || (a.to.text < b.to.text ? -1 : 1));
}

/** Throws `usage` where two images would have one name at a target. */
export function refuseCollisions(lock: Lock, targets: readonly PushTarget[]): void {
  for (const target of targets) joinNames(lock, target);
}

/** Images that are the same, of which each took some leaves, may share a name: it gets the leaves of both. */
function joinNames(
  lock: Lock,
  target: PushTarget,
  namesOf: ChosenNames['of'] = (_, stored) => [stored],
): Joined[] {
  const byPlace = new Map<string, Joined>();
  const collisions: string[] = [];
  for (const image of lock.images) {
    const leaves = image.leaves.map(({ digest }) => digest);
    const referrers = image.referrers.map((one) => [`${one.digest} ${one.subject}`, one] as const);
    const named = image.names.flatMap((stored) => namesOf(image, stored).map((name) => ({ stored, name })));
    for (const { stored, name } of named) {
      const to = destinationOf(target, name);
      const other = byPlace.get(to.text);
      if (other === undefined)
        byPlace.set(to.text, { image, stored, to, leaves: new Set(leaves), referrers: new Map(referrers) });
      else if (areSame(other.image, image)) {
        for (const leaf of leaves) other.leaves.add(leaf);
        for (const [key, referrer] of referrers) other.referrers.set(key, referrer);
      } else {
        const both = [other, { image, stored }].map(
          (one) => `${one.stored} (${shortDigest(taggedDigest(one.image))})`,
        );
        collisions.push(`two images would be pushed as ${to.text}: ${both.join(' and ')}`);
      }
    }
  }
  if (collisions.length === 0) return [...byPlace.values()];
  throw new OciSaveError({
    code: 'usage',
    message: collisions.join('\n'),
    hint: hint`Push without @depth, or with a larger one, or give one of them another name: ${option('naming')}, or => in the list.`,
  });
}

function nameOf(
  { image, stored, to, leaves, referrers: byKey }: Joined,
  lock: Lock,
  manifests: Manifests,
  index: IndexChoice,
): PushName {
  const tagged = taggedDigest(image);
  const variant = (digest: Digest): Variant => ({
    digest,
    narrowed: digest !== tagged,
    ...reachable(digest, manifests, leaves),
  });
  const sparse = image.root !== tagged;
  const [original, root] = [variant(tagged), variant(image.root)];
  const variants: [Variant, ...Variant[]] =
    !sparse || index === 'keep' ? [original] : index === 'narrow' ? [root] : [original, root];
  const typeOf = (digest: Digest): string => manifests.get(digest)?.manifest.mediaType ?? '';
  const docker = [...new Set(variants.flatMap((one) => one.manifests))].filter((digest) =>
    isDockerType(typeOf(digest)),
  );
  const bytes = variants[0].blobs.reduce((sum, digest) => sum + (lock.blobs[digest] ?? 0), 0);
  const referrers = [...byKey.values()];
  return { ref: image.ref, stored, to, digest: tagged, variants, sparse, docker, bytes, referrers };
}

/** A stored name as a target has it. */
export interface Destination {
  readonly domain: string;
  /** The repository's path there. */
  readonly path: string;
  readonly tag: string;
  /** `registry/path:tag`. */
  readonly text: string;
}

/**
 * Where a stored name is pushed to: below the target's prefix, in the form that registries take (ports and capitals of the
 * stored registry encoded as in a bundle), folded where the target says how deep names may be: `a/b/c/d` at depth 2 is
 * `a/b-c-d`.
 */
export function destinationOf({ domain, prefix, depth }: PushTarget, stored: string): Destination {
  const { name, tag } = splitName(stored);
  const parts = [prefix, repositoryPath(name)]
    .filter((part) => part !== '')
    .join('/')
    .split('/');
  const kept = Math.min(depth ?? Infinity, parts.length) - 1;
  const path = [...parts.slice(0, kept), parts.slice(kept).join('-')].join('/');
  return { domain, path, tag, text: `${domain}/${path}:${tag}` };
}
