import { OciSaveError } from '../../../errors.ts';
import { type LockedImage, taggedDigest } from '../../../lock/index.ts';
import type { Digest } from '../../../oci/digest.ts';
import type { SaveOptions } from '../../../options/index.ts';
import { findPushed, type RightDigest } from '../../../push/index.ts';
import { failImages, type Resolution, type ResolvedImage } from '../../../resolve/index.ts';
import { freeBytes, type Store } from '../../../store/index.ts';
import { byText } from '../../../text/by-text.ts';
import { formatBytes } from '../../../text/bytes.ts';
import { hint, option } from '../../../text/hint.ts';
import { publishesAlone, type Run } from '../run.ts';
import { requireSpace } from './space.ts';

/**
 * The images whose blobs are needed. An image fails that alone lacks more bytes than the store's volume has free: a size
 * that one publisher wrote does not end the run for the other images. Where images may be left out, the largest fail until
 * the rest has room, with the bundle and the archive.
 */
export async function neededImages(
  resolution: Resolution,
  run: Run,
): Promise<{ readonly resolution: Resolution; readonly needed: readonly ResolvedImage[] }> {
  // In the order of a lock, which decides which image's source is asked first.
  const needed = (await lackingImages(resolution.resolved, run)).toSorted((a, b) => byText(a.ref, b.ref));
  if (run.options.dryRun) return { resolution, needed };
  const failed =
    run.options.onError === 'warn'
      ? await beyondTheDisk(needed, run)
      : await oversizedAmong(needed, run.session.store);
  // Where all are to be saved and not one fits, the disk is too small for the run: the run fails before it starts to copy.
  const isHopeless = run.options.onError === 'fail' && failed.size === needed.length;
  if (failed.size === 0 || isHopeless) return { resolution, needed };
  return {
    resolution: failImages(resolution, failed),
    needed: needed.filter((image) => !failed.has(image)),
  };
}

/**
 * Where a run only pushes, the images that some target does not have; else all. With a cache around the store all are
 * needed, since the cache keeps what its list names. An image that a target has may lack its referrers there.
 */
async function lackingImages(images: readonly ResolvedImage[], run: Run): Promise<readonly ResolvedImage[]> {
  const { options, session, release, io } = run;
  if (!publishesAlone(run) || release !== undefined || io.remoteCache !== undefined) return images;
  if (options.referrers !== 'none' || images.some(({ referrers }) => referrers.length > 0)) return images;
  const names = images.flatMap((image) =>
    image.names.map((name) => ({ name, right: rightDigests(image, options.index) })),
  );
  const found = await findPushed(names, options.push, session.client, io.signal);
  // A tag with another digest, which is kept or fails the push, needs no blob.
  const moves = options.pushPolicy === 'always';
  const lacking = new Set(
    found.filter(({ there, differs }) => !there && (moves || !differs)).map(({ name }) => name),
  );
  return images.filter((image) => image.names.some((name) => lacking.has(name)));
}

/** The digests that a target may have under an image's name, as for a push. */
export function rightDigests(
  image: LockedImage,
  index: SaveOptions['index'],
): [RightDigest, ...RightDigest[]] {
  const { root, leaves } = image;
  const digest = taggedDigest(image);
  const narrowed = { digest: root, below: [] };
  if (root === digest || index === 'narrow') return [narrowed];
  const original = { digest, below: [...new Set(leaves.map((leaf) => leaf.digest))] };
  return index === 'keep' ? [original] : [original, narrowed];
}

async function oversizedAmong(
  needed: readonly ResolvedImage[],
  store: Store,
): Promise<Map<ResolvedImage, OciSaveError>> {
  const free = await freeBytes(store.runFolder);
  const failed = new Map<ResolvedImage, OciSaveError>();
  for (const image of needed) {
    if (sum(image.sizes) <= free) continue;
    const missing = await missingBytes(image.sizes, store);
    if (missing > free) failed.set(image, tooLarge(missing, free));
  }
  return failed;
}

/** The largest images by their own sizes, as many as must be left out before the rest has room. */
async function beyondTheDisk(
  needed: readonly ResolvedImage[],
  run: Run,
): Promise<Map<ResolvedImage, OciSaveError>> {
  const { store } = run.session;
  const failed = new Map<ResolvedImage, OciSaveError>();
  const largestFirst = needed.toSorted((a, b) => sum(b.sizes) - sum(a.sizes));
  for (const [at, image] of largestFirst.entries()) {
    if (await haveRoom(largestFirst.slice(at), run)) break;
    const missing = await missingBytes(image.sizes, store);
    const free = await freeBytes(store.runFolder);
    failed.set(image, tooLarge(missing, free));
  }
  return failed;
}

async function haveRoom(images: readonly ResolvedImage[], run: Run): Promise<boolean> {
  const all = new Map(images.flatMap(({ sizes }) => [...sizes]));
  const fits = async (missing: number): Promise<boolean> => {
    try {
      await requireSpace(missing, sum(all), run);
      return true;
    } catch (error) {
      if (error instanceof OciSaveError && error.code === 'machine') return false;
      throw error;
    }
  };
  // Usually there is room for all of it, and nothing has to be looked up.
  return (await fits(sum(all))) || fits(await missingBytes(all, run.session.store));
}

async function missingBytes(sizes: ReadonlyMap<Digest, number>, store: Store): Promise<number> {
  let bytes = 0;
  for (const [digest, size] of sizes) if (!(await store.has({ digest, size }))) bytes += size;
  return bytes;
}

function sum(sizes: ReadonlyMap<unknown, number>): number {
  return [...sizes.values()].reduce((bytes, size) => bytes + size, 0);
}

function tooLarge(missing: number, free: number): OciSaveError {
  return new OciSaveError({
    code: 'local',
    message: `the disk is too small for it: ${formatBytes(missing)} are needed, ${formatBytes(free)} are free`,
    hint: hint`Free space, put the store (${option('cacheDir')}) on another volume, or leave the image out.`,
  });
}
