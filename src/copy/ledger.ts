import type { Digest } from '../oci/digest.ts';
import { createGate } from './gate.ts';
import { createPlan, type PlannedLeaf, type StartedLeaf } from './plan.ts';

export type Mover = 'skopeo' | 'direct';

/** What landed, what failed, and which leaf may start: the movers' common book. */
export interface Ledger {
  readonly movers: ReadonlyMap<Digest, Mover>;
  readonly failures: ReadonlyMap<Digest, unknown>;
  landed(digest: Digest, mover: Mover): void;
  /** A mover gave the blob up. Another may still bring it; then the failure is forgotten. */
  failed(digest: Digest, error: unknown): void;
  /** The next leaf for skopeo, as soon as one may start; undefined when there is none left. */
  nextLeaf(): Promise<StartedLeaf | undefined>;
  ended(leaf: Digest): void;
}

export function createLedger(
  leaves: readonly PlannedLeaf[],
  direct: Iterable<Digest>,
  options: { readonly onLanded: (digest: Digest) => void; readonly signal: AbortSignal },
): Ledger {
  const { onLanded, signal } = options;
  const plan = createPlan(leaves, direct);
  const gate = createGate();
  const movers = new Map<Digest, Mover>();
  const failures = new Map<Digest, unknown>();
  signal.addEventListener('abort', () => gate.open(), { once: true });
  return {
    movers,
    failures,
    landed(digest, mover) {
      movers.set(digest, mover);
      failures.delete(digest);
      plan.landed(digest);
      gate.open();
      onLanded(digest);
    },
    failed(digest, error) {
      if (!movers.has(digest)) failures.set(digest, error);
      plan.released(digest);
      gate.open();
    },
    async nextLeaf() {
      while (plan.remaining > 0) {
        signal.throwIfAborted();
        const changed = gate.wait();
        const started = plan.next();
        if (started) return started;
        await changed;
      }
      return undefined;
    },
    ended(leaf) {
      plan.ended(leaf);
      gate.open();
    },
  };
}
