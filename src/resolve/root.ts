import { narrow, type Narrowed } from '../image/index.ts';
import type { ManifestTree, TreeNode } from './node.ts';

/** What stands for an image where a reader takes no sparse index (DESIGN, what each reader gets). */
export interface Root extends Narrowed<TreeNode> {
  readonly mediaType: string;
}

/** Whether every child of every index was taken. */
function isWhole(tree: ManifestTree): boolean {
  return tree.nodes.every((node) => node.absent === 0);
}

/**
 * The root of a tree: its top where it is whole, the leaf where one alone was taken, else a narrowed index. A leaf that
 * stands for several platforms needs an index, too, since its own config tells one of them.
 */
export function rootOf(tree: ManifestTree): Root {
  const images = tree.nodes.filter((node) => node.manifest.kind === 'manifest' && node.attests.length === 0);
  const [leaf, ...others] = images;
  if (isWhole(tree) || leaf === undefined) return asRoot(tree.top, tree.nodes);
  if (others.length === 0 && leaf.platforms.length <= 1) return asRoot(leaf, [leaf]);
  return { mediaType: tree.top.manifest.mediaType, ...narrow(tree.top) };
}

function asRoot(node: TreeNode, kept: readonly TreeNode[]): Root {
  return { digest: node.digest, mediaType: node.manifest.mediaType, made: new Map(), kept };
}
