import { bringBlob } from '../../../image/index.ts';
import { OciSaveError } from '../../../errors.ts';
import { type Digest, shortDigest } from '../../../oci/digest.ts';
import { MAX_MANIFEST_BYTES } from '../../../oci/manifest.ts';
import type { FailedImage, Resolution, ResolvedImage } from '../../../resolve/index.ts';
import type { Run } from '../run.ts';

/** The images that say each size of one blob. */
type Claims = ReadonlyMap<number, readonly ResolvedImage[]>;

/**
 * Finds out which images are right where they say different sizes of one blob, and fails the others: an image that comes
 * first in a list, and lies, must not fail one that says the truth. Only the bytes tell. Sizes are tried from the smallest
 * on, so that a lie costs no more than the truth, and the largest is left to the copy.
 */
export async function settleSizes({ resolved, failed }: Resolution, run: Run): Promise<Resolution> {
  const wrong = new Map<ResolvedImage, OciSaveError>();
  for (const [digest, claims] of contradictions(resolved)) {
    const size = await trueSize(digest, claims, wrong, run);
    if (size === undefined) continue;
    for (const [claimed, images] of claims) {
      if (claimed !== size) for (const image of images) wrong.set(image, contradicts(digest, claimed, size));
    }
  }
  const settled = [...wrong].map(([{ wanted }, error]): FailedImage => ({ wanted, error }));
  return { resolved: resolved.filter((image) => !wrong.has(image)), failed: [...failed, ...settled] };
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

/** Undefined where no size but the largest could be tried, and each of these was wrong. Notes in `wrong` whose were. */
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
  { wanted }: ResolvedImage,
  { session, options, io: { signal } }: Run,
): Promise<OciSaveError | undefined> {
  const source = await session.sourceOf(wanted);
  // What resolving took whole was measured.
  if (source === undefined) return undefined;
  try {
    await bringBlob(source, blob, session.store, { retries: options.retries, signal });
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
