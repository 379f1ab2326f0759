import type { Digest } from '../oci/digest.ts';
import type { PlannedLeaf } from './plan.ts';

/** Above this size a layer is skopeo's; below it the wire's round trips, not its bytes, are the cost. */
export const SKOPEO_FROM_BYTES = 1024 * 1024 + 1;

/** A blob that the store has not got, with every leaf that wants it. */
export interface MissingBlob {
  readonly digest: Digest;
  readonly size: number;
  /** Addresses of a foreign layer, which skopeo leaves out in silence. */
  readonly urls: readonly string[];
  readonly foreign: boolean;
  /** The leaves that name it as a layer; a config has none. */
  readonly leaves: readonly Digest[];
}

/** Who brings each missing blob: every blob is on one side only. */
export interface Division {
  /** skopeo's leaves with all their missing layers, also those that the client brings: they wait for these. */
  readonly leaves: readonly PlannedLeaf[];
  /** What the client brings, largest first. */
  readonly direct: readonly MissingBlob[];
}

/**
 * Divides missing blobs between the two movers. With a threshold of Infinity all are the client's own; it is the
 * same plan. A leaf with a missing layer from the threshold on is skopeo's. Configs, foreign layers and the small
 * layers that a leaf without skopeo needs as well are the client's.
 */
export function divide(missing: readonly MissingBlob[], skopeoFrom: number): Division {
  const layers = missing.filter((blob) => !blob.foreign);
  const copied = new Set(layers.filter(({ size }) => size >= skopeoFrom).flatMap(({ leaves }) => leaves));
  const byLeaf = new Map<Digest, { digest: Digest; size: number }[]>();
  for (const { digest, size, leaves } of layers) {
    for (const leaf of leaves) {
      if (!copied.has(leaf)) continue;
      const known = byLeaf.get(leaf);
      if (known) known.push({ digest, size });
      else byLeaf.set(leaf, [{ digest, size }]);
    }
  }
  const isDirect = ({ foreign, leaves }: MissingBlob): boolean =>
    foreign || leaves.length === 0 || leaves.some((leaf) => !copied.has(leaf));
  return {
    leaves: [...byLeaf].map(([id, missingLayers]) => ({ id, missing: missingLayers })),
    direct: missing.filter(isDirect).toSorted((a, b) => b.size - a.size || (a.digest < b.digest ? -1 : 1)),
  };
}
