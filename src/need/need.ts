import pLimit from 'p-limit';
import { type Digest, digestTag } from '../oci/digest.ts';
import type { WantedImage } from '../resolve/index.ts';

/** An image that is where it is wanted already, as far as headers tell. */
export interface UnchangedImage {
  readonly wanted: WantedImage;
  readonly digest: Digest;
  readonly mediaType: string;
  /** Stored names, `repository:tag`. */
  readonly names: readonly string[];
}

/** What a source says of an image by headers alone. */
export interface Claim {
  readonly digest: Digest;
  readonly mediaType: string;
}

export interface NeedContext {
  /** What the source says by HEAD; undefined where only more than that tells. */
  readonly head: (image: WantedImage) => Promise<Claim | undefined>;
  /** Whether every target has the digest under a stored name. */
  readonly isEverywhere: (image: WantedImage, name: string, digest: Digest) => Promise<boolean>;
  /** Images asked for at once. */
  readonly parallel: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Whether everything is where it is wanted already, found out by HEAD requests alone: an unchanged night then needs no
 * manifest, no blob and no cache. In the order of the images. Undefined as soon as one image is not, or cannot be judged
 * so cheaply; the run then takes its usual way, which finds out the rest and tells of errors.
 */
export async function allUnchanged(
  images: readonly WantedImage[],
  { head, isEverywhere, parallel, signal }: NeedContext,
): Promise<UnchangedImage[] | undefined> {
  const limit = pLimit(parallel);
  let changed = false;
  const judge = async (wanted: WantedImage): Promise<UnchangedImage | undefined> => {
    const claim = wanted.names.length > 0 && !changed ? await head(wanted) : undefined;
    if (claim === undefined) return undefined;
    const { digest, mediaType } = claim;
    const names = wanted.names.map(({ name, tag }) => `${name}:${tag ?? digestTag(digest)}`);
    const there = await Promise.all(names.map((name) => isEverywhere(wanted, name, digest)));
    return there.every(Boolean) ? { wanted, digest, mediaType, names } : undefined;
  };
  const judged = await Promise.all(
    images.map((image) =>
      limit(async () => {
        signal?.throwIfAborted();
        const one = await judge(image);
        if (one === undefined) changed = true;
        return one === undefined ? [] : [one];
      }),
    ),
  );
  return changed ? undefined : judged.flat();
}
