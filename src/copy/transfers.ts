import type { Digest } from '../oci/digest.ts';
import { createPlan, type PlannedLeaf, type StartedLeaf } from './plan.ts';

export type Mover = 'skopeo' | 'direct';

/** What landed, what failed, and which leaf may start, for all movers together. */
export interface BlobTransfers {
  readonly movers: ReadonlyMap<Digest, Mover>;
  readonly failures: ReadonlyMap<Digest, unknown>;
  landed(digest: Digest, mover: Mover): void;
  /** A mover gave the blob up. Another may still bring it; then the failure is forgotten. */
  failed(digest: Digest, error: unknown): void;
  /** The next leaf for skopeo, as soon as one may start; undefined when no leaf is left. */
  nextLeaf(): Promise<StartedLeaf | undefined>;
}

export function createTransfers(
  leaves: readonly PlannedLeaf[],
  direct: Iterable<Digest>,
  options: { readonly onLanded: (digest: Digest) => void; readonly signal: AbortSignal },
): BlobTransfers {
  const { onLanded, signal } = options;
  const plan = createPlan(leaves, direct);
  // Read before the plan is asked, so that no change is missed.
  let changed = Promise.withResolvers<void>();
  const notify = (): void => {
    changed.resolve();
    changed = Promise.withResolvers<void>();
  };
  const movers = new Map<Digest, Mover>();
  const failures = new Map<Digest, unknown>();
  signal.addEventListener('abort', notify, { once: true });
  return {
    movers,
    failures,
    landed(digest, mover) {
      movers.set(digest, mover);
      failures.delete(digest);
      plan.landed(digest);
      notify();
      onLanded(digest);
    },
    failed(digest, error) {
      failures.set(digest, error);
      plan.released(digest);
      notify();
    },
    async nextLeaf() {
      while (plan.remaining > 0) {
        signal.throwIfAborted();
        const { promise } = changed;
        const started = plan.next();
        if (started) return started;
        await promise;
      }
      return undefined;
    },
  };
}
