import type { Leaf, Lock } from './schema.ts';

/** Whether it is what a runtime runs: neither an attestation nor an artifact. */
export function isForPlatform({ platform, attests }: Leaf): boolean {
  return platform !== undefined && attests === undefined;
}

/** How many images are artifacts, which no runtime takes: charts, bundles of policies and the like. */
export function artifactsIn({ images }: Pick<Lock, 'images'>): number {
  return images.filter(({ leaves }) => !leaves.some(isForPlatform)).length;
}
