import type { Leaf, Lock, LockedImage } from './schema.ts';

/** A leaf that is for a platform. */
export type PlatformLeaf = Leaf & { readonly platform: string };

/** Whether it is what a runtime runs: neither an attestation nor an artifact. */
export function isForPlatform(leaf: Leaf): leaf is PlatformLeaf {
  return leaf.platform !== undefined && leaf.attests === undefined;
}

/** Whether no runtime takes it: charts, bundles of policies and the like. */
export function isArtifact({ leaves }: Pick<LockedImage, 'leaves'>): boolean {
  return !leaves.some(isForPlatform);
}

/** How many images are artifacts. */
export function artifactsIn({ images }: Pick<Lock, 'images'>): number {
  return images.filter(isArtifact).length;
}
