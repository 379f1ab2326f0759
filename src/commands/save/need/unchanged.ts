import pMap from 'p-map';
import { OciSaveError } from '../../../errors.ts';
import { isSparse, type Lock, repositoryPath, taggedDigest } from '../../../lock/index.ts';
import { type Digest, digestTag } from '../../../oci/digest.ts';
import { MAX_CONFIG_BYTES, parseConfig } from '../../../oci/config.ts';
import { isImage, MAX_MANIFEST_BYTES, parseManifest } from '../../../oci/manifest.ts';
import { isIndexType } from '../../../oci/media-type.ts';
import { missingPlatforms, normalizePlatform } from '../../../oci/platform.ts';
import { askTargets } from '../../../push/index.ts';
import type { PushTargetReport, ReleaseReport } from '../../../report/index.ts';
import { fixedDigest, type WantedImage } from '../../../resolve/index.ts';
import { rightDigests } from './needed.ts';
import { releasedBefore } from './released.ts';
import { publishesAlone, type Run } from '../run.ts';

/** An image that is at every target already, as far as headers show. */
export interface UnchangedImage {
  readonly wanted: WantedImage;
  readonly digest: Digest;
  readonly mediaType: string;
  /** Stored names, `repository:tag`. */
  readonly names: readonly string[];
}

/** A run with nothing to do, and what was found at its targets. */
export interface Unchanged {
  readonly images: readonly UnchangedImage[];
  readonly push: readonly PushTargetReport[];
  readonly release: ReleaseReport | undefined;
  /** The release's own; undefined where no release was read. */
  readonly lock: Lock | undefined;
}

/** Images asked for at once: one round trip each, at the source and at every target. */
const IMAGES_AT_ONCE = 32;

/**
 * Whether a run that only publishes has nothing to publish, by HEAD requests and by a release's own files.
 * Undefined where it has, or where more requests are needed to know.
 */
export async function findUnchanged(run: Run): Promise<Unchanged | undefined> {
  const { options, wanted, session, release, io } = run;
  if (options.offline || !publishesAlone(run) || (options.push.length > 0 && !pushesAsItIs(run)))
    return undefined;
  if (haveCommonName(wanted)) return undefined;
  // A signature may have come since: no digest of an image shows that.
  if (options.referrers !== 'none' || wanted.some(hasMadeOrReferrers)) return undefined;
  const startedAt = performance.now();
  const released = release === undefined ? undefined : await releasedBefore(release, run);
  if (release !== undefined && released === undefined) return undefined;
  const locked = new Map(
    released?.lock.images.flatMap((image) => image.names.map((name) => [name, image] as const)),
  );
  const targets = askTargets(options.push, session.client, io.signal);
  const images = await allUnchanged(wanted, {
    async head(image) {
      const claim = await headOf(image, run);
      if (claim === undefined || released !== undefined) return claim;
      return mayTakeSome(image, claim) || (await lacksPlatform(image, claim, run)) ? undefined : claim;
    },
    async isEverywhere({ ref }, name, digest) {
      if (released === undefined) return targets.haveAll(ref, name, [{ digest, below: [] }]);
      const image = locked.get(name);
      return image?.digest === digest && targets.haveAll(ref, name, rightDigests(image, options.index));
    },
    parallel: IMAGES_AT_ONCE,
    signal: io.signal,
  });
  if (images === undefined) return undefined;
  const push = targets.reports((performance.now() - startedAt) / 1000);
  return { images, push, release: released?.report, lock: released?.lock };
}

/** What a lock has of an image beside what its digest shows. */
function hasMadeOrReferrers({ locked }: WantedImage): boolean {
  if (locked === undefined) return false;
  return locked.referrers.length > 0 || taggedDigest(locked) !== locked.digest;
}

/** Conversions and narrowed indexes have other digests at a target than at the source. */
function pushesAsItIs({ options }: Run): boolean {
  return options.format === 'keep' && options.index !== 'narrow';
}

/** Whether two images have the same name: whether they may is only known with their manifests. */
function haveCommonName(images: readonly WantedImage[]): boolean {
  const places = images.flatMap(({ names }) => [
    ...new Set(names.map(({ name, tag }) => `${repositoryPath(name)}:${tag ?? ''}`)),
  ]);
  return new Set(places).size < places.length;
}

/**
 * Where some platforms of an index are wanted, its digest does not show which of them a target has. Where several are
 * wanted of an image without an index, some are missing. A lock says whether all of an index were taken.
 */
function mayTakeSome({ platforms, locked }: WantedImage, { mediaType }: Claim): boolean {
  if (locked !== undefined) return isSparse(locked);
  return platforms !== 'all' && (isIndexType(mediaType) || platforms.length > 1);
}

/**
 * Whether an image is of another platform than is wanted, as when a list is saved for another one than before. The store
 * tells, where it has the image; elsewhere a target that has the image is believed, which costs no request.
 */
async function lacksPlatform(
  { platforms, locked }: WantedImage,
  { digest }: Claim,
  { session: { store }, io }: Run,
): Promise<boolean> {
  if (locked !== undefined) return false;
  try {
    const bytes = await store.read(digest, MAX_MANIFEST_BYTES);
    const manifest = bytes && parseManifest(bytes);
    if (manifest?.kind !== 'manifest' || !isImage(manifest) || platforms === 'all') return false;
    const config = await store.read(manifest.config.digest, MAX_CONFIG_BYTES);
    if (config === undefined) return false;
    return (
      missingPlatforms(platforms, [normalizePlatform(parseConfig(config, manifest).platform)]).length > 0
    );
  } catch (error) {
    io.signal?.throwIfAborted();
    // What is wrong with it is reported by the full run.
    if (error instanceof OciSaveError) return true;
    throw error;
  }
}

/**
 * An image that is pinned by digest, or locked, is read from the store, if it is there. What a source refuses is reported by the full
 * run, which asks again.
 */
async function headOf(image: WantedImage, { session, io }: Run): Promise<Claim | undefined> {
  const { source } = image;
  const pin = fixedDigest(image);
  if (source.transport !== 'docker' || source.reference.otherDigest !== undefined) return undefined;
  const { reference } = source;
  try {
    const stored = pin === undefined ? undefined : await session.store.read(pin, MAX_MANIFEST_BYTES);
    // A pin may name anything: that it is not a manifest is reported by the full run, too.
    if (pin !== undefined && stored !== undefined)
      return { digest: pin, mediaType: parseManifest(stored).mediaType };
    return await session.sources.client.headManifest(reference, pin ?? reference.tag ?? 'latest', io.signal);
  } catch (error) {
    io.signal?.throwIfAborted();
    if (error instanceof OciSaveError) return undefined;
    throw error;
  }
}

/** What a source says about an image by headers alone. */
interface Claim {
  readonly digest: Digest;
  readonly mediaType: string;
}

interface NeedContext {
  /** What the source says by HEAD; undefined where HEAD is not enough. */
  readonly head: (image: WantedImage) => Promise<Claim | undefined>;
  /** Whether every target has the digest under a stored name. */
  readonly isEverywhere: (image: WantedImage, name: string, digest: Digest) => Promise<boolean>;
  /** Images asked for at once. */
  readonly parallel: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Whether every target has everything already, by HEAD requests alone: an unchanged nightly run then needs no manifest, no
 * blob and no cache. In the order of the images. Undefined as soon as one image is missing somewhere, or cannot be judged by
 * HEAD; the full run then finds out the rest and reports errors.
 */
export async function allUnchanged(
  images: readonly WantedImage[],
  { head, isEverywhere, parallel, signal }: NeedContext,
): Promise<UnchangedImage[] | undefined> {
  let changed = false;
  const judge = async (wanted: WantedImage): Promise<UnchangedImage | undefined> => {
    const claim = wanted.names.length > 0 && !changed ? await head(wanted) : undefined;
    if (claim === undefined) return undefined;
    const { digest, mediaType } = claim;
    const names = wanted.names.map(({ name, tag }) => `${name}:${tag ?? digestTag(digest)}`);
    const there = await Promise.all(names.map((name) => isEverywhere(wanted, name, digest)));
    return there.every(Boolean) ? { wanted, digest, mediaType, names } : undefined;
  };
  const judged = await pMap(
    images,
    async (image) => {
      signal?.throwIfAborted();
      const one = await judge(image);
      if (one === undefined) changed = true;
      return one === undefined ? [] : [one];
    },
    { concurrency: parallel },
  );
  return changed ? undefined : judged.flat();
}
