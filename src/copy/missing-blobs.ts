import pMap from 'p-map';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest, BlobSize } from '../oci/digest.ts';
import { isForeignLayerType } from '../oci/media-type.ts';
import type { ResolvedImage } from '../resolve/index.ts';
import type { Store } from '../store/index.ts';
import type { MissingBlob } from './division.ts';

/** What the store has of images, and what is missing. */
export interface MissingBlobs {
  readonly blobs: readonly MissingBlob[];
  /** The images that name a blob: its sources. */
  readonly imagesOf: (digest: Digest) => readonly ResolvedImage[];
  /** What was here before this run; what resolving fetched is neither missing nor stored. */
  readonly stored: { readonly blobs: number; readonly bytes: number };
  /** Part of `stored`: what this run restored from a cache, not from the images' sources. */
  readonly restored: ReadonlySet<Digest>;
}

/** Every blob of images, each once. */
export function blobsOfImages(images: readonly ResolvedImage[]): BlobSize[] {
  const sizes = new Map(images.flatMap((image) => [...image.sizes]));
  return [...sizes]
    .map(([digest, size]) => ({ digest, size }))
    .toSorted((a, b) => (a.digest < b.digest ? -1 : 1));
}

/** Look-ups in the store at once. */
const LOOK_UPS_AT_ONCE = 32;

/** Looks up every blob of images in the store. The store drops damaged blobs, which then count as missing. */
export async function findMissingBlobs(
  images: readonly ResolvedImage[],
  store: Store,
  restored: ReadonlySet<Digest> = new Set(),
): Promise<MissingBlobs> {
  const all = blobsOfImages(images);
  const here = await pMap(all, (blob) => store.has(blob), { concurrency: LOOK_UPS_AT_ONCE });
  const missing = all.filter((_, at) => here[at] !== true);
  const absent = new Set(missing.map(({ digest }) => digest));
  const imagesOf = new Map<Digest, Set<ResolvedImage>>();
  const leavesOf = new Map<Digest, Set<Digest>>();
  const details = new Map<Digest, Pick<MissingBlob, 'urls' | 'foreign'>>();
  const repeated = new Set<Digest>();

  for (const image of images) {
    for (const digest of image.sizes.keys()) addTo(imagesOf, digest, image);
    for (const { digest, layers } of image.leaves) {
      const own = new Set<Digest>();
      for (const layer of layers) {
        addTo(leavesOf, layer, digest);
        if (own.has(layer)) repeated.add(layer);
        own.add(layer);
      }
    }
    for (const { manifest } of image.manifests.values()) {
      if (manifest.kind === 'manifest') noteDetails(manifest.layers, details);
    }
  }
  const stored = all.filter(
    ({ digest }) => !absent.has(digest) && (!store.isNew(digest) || restored.has(digest)),
  );
  return {
    blobs: missing.map(({ digest, size }) => ({
      digest,
      size,
      leaves: [...(leavesOf.get(digest) ?? [])],
      repeated: repeated.has(digest),
      ...(details.get(digest) ?? NO_DETAILS),
    })),
    imagesOf: (digest) => [...(imagesOf.get(digest) ?? [])],
    stored: { blobs: stored.length, bytes: stored.reduce((sum, { size }) => sum + size, 0) },
    restored,
  };
}

function addTo<K, V>(map: Map<K, Set<V>>, key: K, value: V): void {
  const values = map.get(key);
  if (values) values.add(value);
  else map.set(key, new Set([value]));
}

/** Images may describe one blob differently: the details of all are joined. */
function noteDetails(
  layers: readonly Descriptor[],
  details: Map<Digest, Pick<MissingBlob, 'urls' | 'foreign'>>,
): void {
  for (const { digest, urls, mediaType } of layers) {
    const known = details.get(digest) ?? NO_DETAILS;
    details.set(digest, {
      urls: [...new Set([...known.urls, ...(urls ?? [])])],
      foreign: known.foreign || isForeignLayerType(mediaType),
    });
  }
}

const NO_DETAILS = { urls: [], foreign: false };
