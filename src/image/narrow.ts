import { type Digest, digestOf, type BlobSize } from '../oci/digest.ts';
import { narrowIndex } from '../oci/rewrite.ts';

/** A manifest with those of its children that were taken. */
export interface Taken<T> {
  readonly digest: Digest;
  readonly bytes: Uint8Array;
  readonly children: readonly T[];
  /** How many children were left out. */
  readonly absent: number;
}

export interface Narrowed<T> {
  readonly digest: Digest;
  /** The indexes that lacked children, without these. No source serves them. */
  readonly made: ReadonlyMap<Digest, Uint8Array>;
  /** What stays as it was served. */
  readonly kept: readonly T[];
}

/** Narrows every index below a manifest, itself included, to the children that were taken. */
export function narrow<T extends Taken<T>>(top: T): Narrowed<T> {
  const made = new Map<Digest, Uint8Array>();
  const kept: T[] = [];
  // Each once: indexes may list the same children many times.
  const visited = new Map<T, BlobSize>();
  const visit = (node: T): BlobSize => {
    const known = visited.get(node) ?? narrowOne(node);
    visited.set(node, known);
    return known;
  };
  const narrowOne = (node: T): BlobSize => {
    const below = new Map(node.children.map((child) => [child.digest, visit(child)] as const));
    const changed = node.absent > 0 || [...below].some(([digest, child]) => child.digest !== digest);
    if (!changed) {
      kept.push(node);
      return { digest: node.digest, size: node.bytes.length };
    }
    const bytes = narrowIndex(node.bytes, below);
    const digest = digestOf(bytes);
    made.set(digest, bytes);
    return { digest, size: bytes.length };
  };
  return { digest: visit(top).digest, made, kept };
}
