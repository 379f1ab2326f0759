import type { Digest } from '../oci/digest.ts';
import { narrowIndex } from '../oci/rewrite.ts';
import type { ManifestTree, TreeNode } from './node.ts';

/** What stands for an image where a reader takes no sparse index (DESIGN, what each reader gets). */
export interface Root {
  readonly digest: Digest;
  readonly mediaType: string;
  /** Narrowed indexes, which no source serves. */
  readonly made: readonly Uint8Array[];
  /** The manifests that stand under the root as they were served. */
  readonly kept: readonly TreeNode[];
}

/** Whether every child of every index was taken. */
export function isWhole(tree: ManifestTree): boolean {
  return tree.nodes.every((node) => node.absent === 0);
}

/**
 * The root of a tree: its top where it is whole, the leaf where one alone was taken, else a narrowed index. A leaf that
 * stands for several platforms needs an index, too, since its own config tells one of them. `hash` is the digest of bytes.
 */
export function rootOf(tree: ManifestTree, hash: (bytes: Uint8Array) => Digest): Root {
  const images = tree.nodes.filter((node) => node.manifest.kind === 'manifest' && node.attests.length === 0);
  const [leaf, ...others] = images;
  if (isWhole(tree) || leaf === undefined) return asRoot(tree.top, tree.nodes);
  if (others.length === 0 && leaf.platforms.length <= 1) return asRoot(leaf, [leaf]);
  const made: Uint8Array[] = [];
  const kept: TreeNode[] = [];
  const narrow = (node: TreeNode): { digest: Digest; size: number } => {
    const below = new Map(node.children.map((child) => [child.digest, narrow(child)] as const));
    const changed = node.absent > 0 || [...below].some(([digest, child]) => child.digest !== digest);
    if (!changed) {
      kept.push(node);
      return { digest: node.digest, size: node.bytes.length };
    }
    const bytes = narrowIndex(node.bytes, below);
    made.push(bytes);
    return { digest: hash(bytes), size: bytes.length };
  };
  const { digest } = narrow(tree.top);
  return { digest, mediaType: tree.top.manifest.mediaType, made, kept };
}

function asRoot(node: TreeNode, kept: readonly TreeNode[]): Root {
  return { digest: node.digest, mediaType: node.manifest.mediaType, made: [], kept };
}
