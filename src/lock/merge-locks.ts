import { OciSaveError } from '../errors.ts';
import { type Digest, hexOf } from '../oci/digest.ts';
import { byText } from '../text/by-text.ts';
import { placeOf, splitName, storedRepositories, storedRepository } from './names.ts';
import { checkLock } from './parse-lock.ts';
import type { Lock, LockedImage, LockedReferrer } from './schema.ts';
import { taggedDigest } from './tagged.ts';

/**
 * The lock of two bundles over one pool. A stored name that both have is the newer one's. What the older one had under
 * it stays there by its digest, as an image that was asked for by digest does: under the tag `digest-<12 hex>`, or more
 * digits where that tag is another image's. Nothing that could be pulled by digest is lost, and joining the same lock
 * again changes nothing. Pure.
 *
 * `kit/update.sh` does the same without Node; a test compares the two byte by byte.
 * @throws OciSaveError `digest` where the two give one blob different sizes
 */
export function mergeLocks(older: Lock, newer: Lock): Lock {
  const held = new Set<string>();
  const present = new Set<string>();
  for (const image of newer.images) for (const name of image.names) hold(name, image, held, present);
  const tags = referrerTags(newer);
  const isTaken = (place: string, digest: Digest): boolean =>
    held.has(place) || (tags.get(place) ?? digest) !== digest;

  const split = older.images.map((image) => {
    const own = withoutLostTags(image, tags);
    const lost = own.names.filter((name) => isTaken(placeOf(name), taggedDigest(own)));
    return { image: own, original: image, lost, kept: own.names.filter((name) => !lost.includes(name)) };
  });
  for (const { image, kept } of split) for (const name of kept) hold(name, image, held, present);
  const left = split.flatMap(({ image, original, lost, kept }) => {
    const given: string[] = [];
    for (const name of lost) {
      // The same content is in the same repository under another name: nothing is lost.
      if ([image, original].some((one) => present.has(contentAt(name, one)))) continue;
      const byDigest = digestName(name, image, (place) => held.has(place) || tags.has(place));
      hold(byDigest, image, held, present);
      given.push(byDigest);
    }
    const names = sorted([...kept, ...given]);
    const [first] = names;
    if (first === undefined) return [];
    return [{ ...image, ref: kept.length > 0 ? image.ref : refByDigest(image, first), names }];
  });
  return checked({
    version: 1,
    images: joinEqual([...newer.images, ...left]).toSorted(
      (a, b) => byText(a.ref, b.ref) || byText(a.names.join(), b.names.join()),
    ),
    files: joinFiles(older, newer),
    blobs: joinBlobs(older, newer),
  });
}

function hold(name: string, image: LockedImage, held: Set<string>, present: Set<string>): void {
  held.add(placeOf(name));
  present.add(contentAt(name, image));
}

/**
 * What a repository has of an image: what its tag stands for, and what was taken of that. Two images of one index with
 * other platforms are two contents, and so are those with other signatures.
 */
function contentAt(name: string, image: LockedImage): string {
  const leaves = image.leaves.map(({ digest }) => digest);
  const content = { tagged: taggedDigest(image), root: image.root, leaves, referrers: image.referrers };
  return `${storedRepository(name)} ${JSON.stringify(content)}`;
}

/** The tags of cosign's in each repository, by place; of a tag that moved while the images were read, the first counts. */
function referrerTags({ images }: Lock): ReadonlyMap<string, Digest> {
  const tags = new Map<string, Digest>();
  for (const image of images) {
    for (const repository of storedRepositories(image)) {
      for (const { digest, tag } of image.referrers) {
        const place = `${repository}:${tag ?? ''}`;
        if (tag !== undefined && !tags.has(place)) tags.set(place, digest);
      }
    }
  }
  return tags;
}

/** An image whose signatures lost their tag to a newer one: they stay as what refers to it by its manifest. */
function withoutLostTags(image: LockedImage, tags: ReadonlyMap<string, Digest>): LockedImage {
  const repositories = [...storedRepositories(image)];
  const referrers = image.referrers.map((referrer): LockedReferrer => {
    const { tag, ...untagged } = referrer;
    const isLost =
      tag !== undefined &&
      repositories.some(
        (repository) => (tags.get(`${repository}:${tag}`) ?? referrer.digest) !== referrer.digest,
      );
    return isLost ? untagged : referrer;
  });
  return { ...image, referrers };
}

/** Tags have so many digits of a digest where no other image has the same. */
const DIGITS = 12;

function digestName(stored: string, image: LockedImage, isTaken: (place: string) => boolean): string {
  const { name } = splitName(stored);
  const hex = hexOf(taggedDigest(image));
  for (let digits = DIGITS; digits <= hex.length; digits += 1) {
    const byDigest = `${name}:digest-${hex.slice(0, digits)}`;
    if (!isTaken(placeOf(byDigest))) return byDigest;
  }
  throw new OciSaveError({
    code: 'unsupported',
    message: `${stored} is another image in the newer bundle, and there is no free tag for the older one`,
    hint: 'Bring the newer bundle as a swap: each bundle stays a folder of its own.',
  });
}

/** As the lock of a list calls an image that is asked for by digest; of a source without digests its stored name. */
function refByDigest({ ref, source, digest }: LockedImage, name: string): string {
  if (source !== 'docker') return name;
  return ref.includes('@') ? ref : `${ref.slice(0, ref.lastIndexOf(':'))}@${digest}`;
}

/** Images that differ in their names alone are one. In the order of the first. */
function joinEqual(images: readonly LockedImage[]): LockedImage[] {
  const groups = Map.groupBy(images, (image) => JSON.stringify({ ...image, names: [] }));
  return [...groups.values()].flatMap(([first, ...others]) => {
    if (first === undefined) return [];
    return [{ ...first, names: sorted([first, ...others].flatMap(({ names }) => names)) }];
  });
}

function joinFiles(older: Lock, newer: Lock): Lock['files'] {
  const files = new Map([...older.files, ...newer.files].map((file) => [file.path, file]));
  return [...files.values()].toSorted((a, b) => byText(a.path, b.path));
}

function joinBlobs(older: Lock, newer: Lock): Lock['blobs'] {
  for (const [digest, size] of Object.entries(newer.blobs)) {
    const known = older.blobs[digest] ?? size;
    if (known === size) continue;
    throw new OciSaveError({
      code: 'digest',
      message: `the older bundle says that blob ${digest} has ${known} bytes; the newer one says ${size}`,
      hint: 'One of the two locks is wrong: oci-save verify says of each bundle whether it is whole.',
    });
  }
  const all = Object.entries({ ...older.blobs, ...newer.blobs });
  return Object.fromEntries(all.toSorted(([a], [b]) => byText(a, b)));
}

function sorted(names: readonly string[]): string[] {
  return [...new Set(names)].toSorted(byText);
}

/** What was made of two valid locks is one: a name with a digest may be too long. */
function checked(lock: Lock): Lock {
  const result = checkLock(lock);
  if ('lock' in result) return lock;
  throw new OciSaveError({
    code: 'unsupported',
    message: `the joined lock ${result.fault}`,
    hint: 'Bring the newer bundle as a swap: each bundle stays a folder of its own.',
  });
}
