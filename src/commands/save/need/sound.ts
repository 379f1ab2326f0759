import { bringBlob } from '../../../image/index.ts';
import { OciSaveError } from '../../../errors.ts';
import { areSame, placeOf } from '../../../lock/index.ts';
import { type Digest, shortDigest } from '../../../oci/digest.ts';
import { MAX_MANIFEST_BYTES } from '../../../oci/manifest.ts';
import { failImages, type Resolution, type ResolvedImage } from '../../../resolve/index.ts';
import type { Run } from '../run.ts';

/** Fails the images that cannot be saved together with the others of the list, so that a few wrong ones do not fail all. */
export async function soundImages(read: Resolution, run: Run): Promise<Resolution> {
  // A dry run fetches no blob to see which image is right.
  const settled = run.options.dryRun ? read : await settleSizes(read, run);
  return withinReason(withoutContradictions(withoutBorrowedNames(settled)));
}

/**
 * Fails images that take, from their own layout or archive, a name under which another image of the list is stored. Two
 * equal names that the list gives are the user's error, which `lockOf` throws; what a publisher wrote fails the publisher's
 * image alone.
 */
function withoutBorrowedNames(resolution: Resolution): Resolution {
  const { resolved } = resolution;
  const owners = new Map<string, ResolvedImage>();
  const wrong = new Map<ResolvedImage, OciSaveError>();
  const byList = (image: ResolvedImage): boolean => image.wanted.namedBySource !== true;
  for (const image of [...resolved.filter(byList), ...resolved.filter((one) => !byList(one))]) {
    const places = image.names.map((name) => [placeOf(name), name] as const);
    const taken = byList(image) ? undefined : places.find(([place]) => differs(owners.get(place), image));
    if (taken === undefined) for (const [place] of places) owners.set(place, image);
    else wrong.set(image, borrowed(taken[1], image, owners.get(taken[0])));
  }
  return failImages(resolution, wrong);
}

function differs(owner: ResolvedImage | undefined, image: ResolvedImage): boolean {
  return owner !== undefined && !areSame(owner, image);
}

function borrowed(name: string, { wanted }: ResolvedImage, owner: ResolvedImage | undefined): OciSaveError {
  return new OciSaveError({
    code: 'unsupported',
    message: `its source calls it ${name}, and that is the name of ${owner?.ref ?? 'another image'}`,
    hint: `Store it under another name: '${wanted.ref} => name:tag'.`,
  });
}

/**
 * Fails images that say another size of a blob than an image before them: one of the two is wrong, and a lock holds
 * one size of a blob.
 */
export function withoutContradictions(resolution: Resolution): Resolution {
  const sizes = new Map<Digest, number>();
  const wrong = new Map<ResolvedImage, OciSaveError>();
  for (const image of resolution.resolved) {
    const contradiction = [...image.sizes].find(([digest, size]) => (sizes.get(digest) ?? size) !== size);
    if (contradiction === undefined) {
      for (const [digest, size] of image.sizes) sizes.set(digest, size);
    } else {
      const [digest, size] = contradiction;
      const message = `it says that blob ${shortDigest(digest)} has ${size} bytes; another image says ${sizes.get(digest)}`;
      wrong.set(image, new OciSaveError({ code: 'digest', message }));
    }
  }
  return failImages(resolution, wrong);
}

/**
 * Fails the largest images where all together are more bytes than a number counts exactly: no disk holds so much, and
 * a few images must not make the sums of all wrong.
 */
function withinReason(resolution: Resolution): Resolution {
  const bytesOf = ({ sizes }: ResolvedImage): number =>
    [...sizes.values()].reduce((sum, size) => sum + size, 0);
  const message = 'with the other images of the list its blobs are more than any disk holds';
  let bytes = 0;
  const tooMuch = resolution.resolved
    .toSorted((a, b) => bytesOf(a) - bytesOf(b))
    .filter((image) => !Number.isSafeInteger((bytes += bytesOf(image))));
  return failImages(
    resolution,
    new Map(tooMuch.map((image) => [image, new OciSaveError({ code: 'unsupported', message })])),
  );
}

/** The images by the size that they say one blob has. */
type Claims = ReadonlyMap<number, readonly ResolvedImage[]>;

/**
 * Finds out which images are right where they say different sizes of one blob, and fails the others: a wrong image that
 * comes first in a list must not fail a right one. Only the bytes show it. Sizes are tried from the smallest on, so that a
 * wrong size costs no more than the right one, and the largest is left to the copy.
 */
async function settleSizes(resolution: Resolution, run: Run): Promise<Resolution> {
  const wrong = new Map<ResolvedImage, OciSaveError>();
  for (const [digest, claims] of contradictions(resolution.resolved)) {
    const size = await trueSize(digest, claims, wrong, run);
    if (size === undefined) continue;
    for (const [claimed, images] of claims) {
      if (claimed !== size) for (const image of images) wrong.set(image, contradicts(digest, claimed, size));
    }
  }
  return failImages(resolution, wrong);
}

function contradictions(images: readonly ResolvedImage[]): [Digest, Claims][] {
  const first = new Map<Digest, number>();
  const contested = new Set<Digest>();
  for (const { sizes } of images) {
    for (const [digest, size] of sizes) {
      if ((first.get(digest) ?? size) !== size) contested.add(digest);
      first.set(digest, size);
    }
  }
  return [...contested].map((digest) => {
    const naming = images.filter(({ sizes }) => sizes.has(digest));
    return [digest, Map.groupBy(naming, ({ sizes }) => sizes.get(digest) ?? 0)];
  });
}

/** Undefined where every size but the largest is wrong. Notes in `wrong` the images whose sizes were wrong. */
async function trueSize(
  digest: Digest,
  claims: Claims,
  wrong: Map<ResolvedImage, OciSaveError>,
  run: Run,
): Promise<number | undefined> {
  const { store } = run.session;
  const stored = await store.read(digest, MAX_MANIFEST_BYTES);
  if (stored !== undefined) return stored.length;
  const ascending = [...claims].toSorted(([a], [b]) => a - b);
  for (const [size, images] of ascending.slice(0, -1)) {
    for (const image of images) {
      const error = await tryToBring({ digest, size }, image, run);
      if (error === undefined) return size;
      wrong.set(image, error);
    }
  }
  return undefined;
}

async function tryToBring(
  blob: { readonly digest: Digest; readonly size: number },
  { content }: ResolvedImage,
  { session, options, io: { signal } }: Run,
): Promise<OciSaveError | undefined> {
  // The sizes of what resolving fetched completely were measured.
  if (content === undefined) return undefined;
  try {
    await bringBlob(content, blob, session.store, { retries: options.retries, signal });
    return undefined;
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof OciSaveError) || error.code === 'machine') throw error;
    return error;
  }
}

function contradicts(digest: Digest, claimed: number, size: number): OciSaveError {
  const message = `it says that blob ${shortDigest(digest)} has ${claimed} bytes; it has ${size}`;
  return new OciSaveError({ code: 'digest', message });
}
