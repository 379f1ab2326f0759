import type { Digest } from '../oci/digest.ts';
import type { PlannedLeaf } from './plan.ts';

/** From this size on skopeo copies a layer; below it the round trips, not the bytes, are the cost. */
export const SKOPEO_FROM_BYTES = 1024 * 1024 + 1;

/** A blob that the store does not have, with every leaf that needs it. */
export interface MissingBlob {
  readonly digest: Digest;
  readonly size: number;
  /** Addresses of a foreign layer, which skopeo leaves out without a message. */
  readonly urls: readonly string[];
  readonly foreign: boolean;
  /** The leaves that name it as a layer; empty for a config. */
  readonly leaves: readonly Digest[];
  /** Whether one of them names it more than once: skopeo would fetch it as often (measured, 1.9.3). */
  readonly repeated: boolean;
}

/** The mover of each missing blob: every blob is on one side only. */
export interface Division {
  /** skopeo's leaves with all their missing layers, also those that the client fetches: the leaves wait for them. */
  readonly leaves: readonly PlannedLeaf[];
  /** What the client fetches, largest first. */
  readonly direct: readonly MissingBlob[];
}

/**
 * Divides missing blobs between the two movers. Layers from the threshold on are skopeo's; configs, foreign layers,
 * small layers and those that stand twice in a manifest are the client's, also those of leaves that skopeo copies: of many images over one base only the
 * leader then needs a skopeo, which always costs ten round trips. With a threshold of Infinity all are the client's.
 */
export function divide(missing: readonly MissingBlob[], skopeoFrom: number): Division {
  const bySkopeo = ({ size, foreign, repeated, leaves }: MissingBlob): boolean =>
    size >= skopeoFrom && !foreign && !repeated && leaves.length > 0;
  const copied = new Set(missing.filter(bySkopeo).flatMap(({ leaves }) => leaves));
  const byLeaf = new Map<Digest, { digest: Digest; size: number }[]>([...copied].map((leaf) => [leaf, []]));
  for (const { digest, size, foreign, leaves } of missing) {
    if (!foreign) for (const leaf of leaves) byLeaf.get(leaf)?.push({ digest, size });
  }
  return {
    leaves: [...byLeaf].map(([id, layers]) => ({ id, missing: layers })),
    direct: missing.filter((blob) => !bySkopeo(blob)).toSorted((a, b) => b.size - a.size),
  };
}
