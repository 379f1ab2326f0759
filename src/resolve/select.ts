import { attestedDigest, type Descriptor, isAttestation, platformOf } from '../oci/descriptor.ts';
import type { ImageIndex } from '../oci/manifest.ts';
import { isIndexType } from '../oci/media-type.ts';
import { formatPlatform, matchesPlatform, normalizePlatform, type PlatformChoice } from '../oci/platform.ts';

/** Which children of one index are taken, before any of them is read. */
export interface Selection {
  /** Taken: of a wanted platform. */
  readonly leaves: readonly Descriptor[];
  /** Read on, since the wanted platforms may stand below. */
  readonly indexes: readonly Descriptor[];
  /** They name no platform: their config tells. */
  readonly unknown: readonly Descriptor[];
  /** Attestations of all children; those of taken ones travel with them. */
  readonly attestations: readonly Descriptor[];
}

/**
 * Chooses an index's children by platform. Attestations are no platforms: they are never chosen, counted or
 * missed. Two children of one platform are both taken.
 */
export function selectChildren(index: ImageIndex, choice: PlatformChoice): Selection {
  const leaves: Descriptor[] = [];
  const indexes: Descriptor[] = [];
  const unknown: Descriptor[] = [];
  const attestations: Descriptor[] = [];
  for (const child of index.manifests) {
    const platform = platformOf(child);
    if (isAttestation(child)) attestations.push(child);
    else if (platform !== undefined && !isWanted(child, choice)) continue;
    else if (isIndexType(child.mediaType)) indexes.push(child);
    else if (platform === undefined && choice !== 'all') unknown.push(child);
    else leaves.push(child);
  }
  return { leaves, indexes, unknown, attestations };
}

export function isWanted(child: Descriptor, choice: PlatformChoice): boolean {
  const platform = platformOf(child);
  return (
    choice === 'all' || (platform !== undefined && choice.some((wanted) => matchesPlatform(wanted, platform)))
  );
}

/** The attestations that belong to one of `digests`; all of them where every child is taken. */
export function attestationsOf(
  attestations: readonly Descriptor[],
  digests: ReadonlySet<string>,
  choice: PlatformChoice,
): Descriptor[] {
  return attestations.filter((child) => choice === 'all' || digests.has(attestedDigest(child) ?? ''));
}

/** The platforms that an index offers, for the message that one is missing. */
export function offeredPlatforms(children: readonly Descriptor[]): string[] {
  const names = children.flatMap((child) => {
    const platform = platformOf(child);
    return platform === undefined || isAttestation(child)
      ? []
      : [formatPlatform(normalizePlatform(platform))];
  });
  return [...new Set(names)];
}
