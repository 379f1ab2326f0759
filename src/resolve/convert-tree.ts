import { convertIndex, convertManifest } from '../oci/rewrite.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, digestOf } from '../oci/digest.ts';
import { parseManifest } from '../oci/manifest.ts';
import { isDockerType } from '../oci/media-type.ts';
import { type ManifestTree, type TreeNode, treeOf } from './node.ts';

export interface ConvertedTree {
  readonly tree: ManifestTree;
  /** Old digest to new; empty where nothing was Docker's. */
  readonly converted: ReadonlyMap<Digest, Digest>;
}

/** The tree with Docker's manifests and lists as OCI ones. Blobs keep their bytes, manifests get new digests. */
export function convertTree({ top }: ManifestTree): ConvertedTree {
  const converted = new Map<Digest, Digest>();

  const convert = (node: TreeNode): TreeNode => {
    const children = node.children.map(convert);
    const bytes = convertedBytes(node, children);
    const digest = bytes === node.bytes ? node.digest : digestOf(bytes);
    if (digest !== node.digest) converted.set(node.digest, digest);
    const attests = node.attests.map((attested) => converted.get(attested) ?? attested);
    const manifest = bytes === node.bytes ? node.manifest : parseManifest(bytes);
    return { ...node, digest, bytes, children, attests, manifest };
  };

  return { tree: treeOf(convert(top)), converted };
}

function convertedBytes(node: TreeNode, children: readonly TreeNode[]): Uint8Array {
  const { manifest } = node;
  const childChanged = children.some((child, at) => child.digest !== node.children[at]?.digest);
  if (!isDockerType(manifest.mediaType) && !childChanged) return node.bytes;
  if (manifest.kind === 'manifest') return convertManifest(manifest);
  const byOld = new Map<string, Descriptor>();
  node.children.forEach((old, at) => {
    const child = children[at];
    if (child) {
      byOld.set(old.digest, {
        mediaType: child.manifest.mediaType,
        digest: child.digest,
        size: child.bytes.length,
      });
    }
  });
  return convertIndex(manifest, byOld);
}
