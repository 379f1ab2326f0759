import type { Digest } from '../oci/digest.ts';
import type { Manifest } from '../oci/manifest.ts';
import { formatPlatform, type Platform } from '../oci/platform.ts';

/** A manifest that was taken, with those below it. */
export interface TreeNode {
  readonly digest: Digest;
  readonly bytes: Uint8Array;
  readonly manifest: Manifest;
  readonly children: readonly TreeNode[];
  /** How many children of this index were left out. */
  readonly absent: number;
  /** All under which its index lists it, each once; else the one in its config. */
  readonly platforms: readonly Platform[];
  /** The leaves to which this attestation belongs. */
  readonly attests: readonly Digest[];
}

export interface ManifestTree {
  readonly top: TreeNode;
  /** Every taken manifest once, parents before children. */
  readonly nodes: readonly TreeNode[];
}

/** The tree below `top`. A manifest that occurs several times is one node, with all its platforms. */
export function treeOf(top: TreeNode): ManifestTree {
  const nodes = new Map<Digest, TreeNode>();
  const visit = (node: TreeNode): void => {
    const known = nodes.get(node.digest);
    nodes.set(node.digest, known === undefined ? node : joined(known, node));
    if (known === undefined) node.children.forEach(visit);
  };
  visit(top);
  return { top: nodes.get(top.digest) ?? top, nodes: [...nodes.values()] };
}

function joined(a: TreeNode, b: TreeNode): TreeNode {
  return {
    ...a,
    platforms: distinct([...a.platforms, ...b.platforms]),
    attests: [...new Set([...a.attests, ...b.attests])],
  };
}

/** Each platform once. */
export function distinct(platforms: readonly Platform[]): Platform[] {
  return [...new Map(platforms.map((platform) => [formatPlatform(platform), platform])).values()];
}
