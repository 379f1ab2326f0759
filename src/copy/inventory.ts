import pLimit from 'p-limit';
import type { Lock } from '../lock/index.ts';
import { type Digest, isDigest } from '../oci/digest.ts';
import { MAX_MANIFEST_BYTES, parseManifest } from '../oci/manifest.ts';
import { isForeignLayerType } from '../oci/media-type.ts';
import type { Store } from '../store/index.ts';
import type { MissingBlob } from './division.ts';

export interface Inventory {
  readonly missing: readonly MissingBlob[];
  /** The images, by `ref`, that name a missing blob, and those that hold a leaf: where each can be had. */
  readonly refsOf: ReadonlyMap<Digest, ReadonlySet<string>>;
  /** What was here before this run; what resolving brought is neither missing nor stored. */
  readonly stored: { readonly blobs: number; readonly bytes: number };
  /** Of `stored`: what this run brought from elsewhere than the images' sources. */
  readonly restored: ReadonlySet<Digest>;
}

/** Looks up every blob of a lock in the store. The store drops what is wrong, so that it counts as missing. */
export async function takeInventory(
  lock: Lock,
  store: Store,
  restored: ReadonlySet<Digest> = new Set(),
): Promise<Inventory> {
  const limit = pLimit(32);
  const sizes = Object.entries(lock.blobs).flatMap(([digest, size]) =>
    isDigest(digest) ? [{ digest, size }] : [],
  );
  const here = await Promise.all(sizes.map((blob) => limit(() => store.has(blob))));
  const wanted = new Map(
    sizes.flatMap(({ digest, size }, at) => (here[at] === true ? [] : [[digest, size] as const])),
  );
  const refsOf = new Map<Digest, Set<string>>();
  const leavesOf = new Map<Digest, Set<Digest>>();
  const details = new Map<Digest, { urls: readonly string[]; foreign: boolean }>();

  for (const image of lock.images) {
    for (const leaf of image.leaves) {
      const layers = new Set(leaf.layers.filter((digest) => wanted.has(digest)));
      for (const digest of [leaf.digest, leaf.config, ...layers]) addTo(refsOf, digest, image.ref);
      for (const digest of layers) addTo(leavesOf, digest, leaf.digest);
      if (layers.size > 0) await readDetails(leaf.digest, store, details);
    }
  }
  const missing = [...wanted].map(([digest, size]) => ({
    digest,
    size,
    leaves: [...(leavesOf.get(digest) ?? [])],
    urls: details.get(digest)?.urls ?? [],
    foreign: details.get(digest)?.foreign ?? false,
  }));
  const stored = sizes.filter(
    ({ digest }, at) => here[at] === true && (!store.isNew(digest) || restored.has(digest)),
  );
  return {
    missing,
    refsOf,
    stored: { blobs: stored.length, bytes: stored.reduce((sum, { size }) => sum + size, 0) },
    restored,
  };
}

function addTo<K, V>(map: Map<K, Set<V>>, key: K, value: V): void {
  const values = map.get(key);
  if (values) values.add(value);
  else map.set(key, new Set([value]));
}

async function readDetails(
  leaf: Digest,
  store: Store,
  details: Map<Digest, { urls: readonly string[]; foreign: boolean }>,
): Promise<void> {
  const bytes = await store.read(leaf, MAX_MANIFEST_BYTES);
  const manifest = bytes === undefined ? undefined : parseManifest(bytes);
  if (manifest?.kind !== 'manifest') return;
  for (const layer of manifest.layers) {
    // Images may tell other things of one blob: none takes away what another one tells.
    const known = details.get(layer.digest);
    details.set(layer.digest, {
      urls: [...new Set([...(known?.urls ?? []), ...(layer.urls ?? [])])],
      foreign: known?.foreign === true || isForeignLayerType(layer.mediaType),
    });
  }
}
