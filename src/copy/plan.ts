import type { Digest } from '../oci/digest.ts';

/** A leaf that skopeo copies, and its missing layers, one at least. */
export interface PlannedLeaf {
  readonly id: Digest;
  readonly missing: readonly { readonly digest: Digest; readonly size: number }[];
}

/** A leaf that has started, and the layers that it claims. */
export interface StartedLeaf {
  readonly id: Digest;
  readonly brings: readonly Digest[];
}

/**
 * The order in which leaves start, so that every blob is fetched once. Pure bookkeeping: the caller starts, and
 * reports what landed and what ended.
 */
export interface Plan {
  /** The next leaf that may start, claimed; undefined where all that remain wait for a blob in flight. */
  next(): StartedLeaf | undefined;
  /** A blob is in the store: leaves that waited for it are freed at once, not when its copy ends. */
  landed(digest: Digest): void;
  /** A mover gave a blob up: the next leaf that needs it claims it. */
  released(digest: Digest): void;
  /** Leaves that have not started and still lack something. */
  readonly remaining: number;
}

interface Waiting {
  readonly id: Digest;
  readonly missing: Map<Digest, number>;
}

/**
 * Plans leaves over blobs. A leaf is ready when no missing blob of it is in flight. Largest missing blob first;
 * among leaves that share it, the one with the fewest other missing bytes starts first, since all others wait for it.
 */
export function createPlan(leaves: readonly PlannedLeaf[], inFlight: Iterable<Digest>): Plan {
  const flying = new Set<Digest>(inFlight);
  const waiting = new Map<Digest, Waiting>();
  const waitersOf = new Map<Digest, Set<Waiting>>();
  for (const { id, missing } of leaves) {
    const leaf = { id, missing: new Map(missing.map(({ digest, size }) => [digest, size])) };
    waiting.set(id, leaf);
    for (const digest of leaf.missing.keys()) {
      const waiters = waitersOf.get(digest) ?? new Set();
      waitersOf.set(digest, waiters.add(leaf));
    }
  }

  return {
    get remaining() {
      return waiting.size;
    },
    next() {
      let best: Waiting | undefined;
      for (const leaf of waiting.values()) {
        if ([...leaf.missing.keys()].some((digest) => flying.has(digest))) continue;
        if (best === undefined || comesBefore(leaf, best)) best = leaf;
      }
      if (best === undefined) return undefined;
      const brings = [...best.missing.keys()];
      waiting.delete(best.id);
      for (const digest of brings) flying.add(digest);
      return { id: best.id, brings };
    },
    landed(digest) {
      for (const leaf of waitersOf.get(digest) ?? []) {
        leaf.missing.delete(digest);
        if (leaf.missing.size === 0) waiting.delete(leaf.id);
      }
    },
    released(digest) {
      flying.delete(digest);
    },
  };
}

function comesBefore(a: Waiting, b: Waiting): boolean {
  const [x, y] = [weigh(a), weigh(b)];
  return (x.largest - y.largest || y.sum - x.sum) > 0;
}

function weigh({ missing }: Waiting): { largest: number; sum: number } {
  let [largest, sum] = [0, 0];
  for (const size of missing.values()) {
    largest = Math.max(largest, size);
    sum += size;
  }
  return { largest, sum };
}
