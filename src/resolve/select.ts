import { OciSaveError } from '../errors.ts';
import { attestedDigest, type Descriptor, isAttestation, platformOf } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { ImageIndex } from '../oci/manifest.ts';
import { isIndexType } from '../oci/media-type.ts';
import { matchesPlatform, normalizePlatform, type Platform, type PlatformChoice } from '../oci/platform.ts';

/** A child of an index, with every entry that lists it: one child may be listed for several platforms. */
export interface Child {
  readonly digest: Digest;
  readonly entries: readonly Descriptor[];
}

/** Which children of one index are taken, before any of them is read. */
export interface Selection {
  /** Taken: of a wanted platform. */
  readonly leaves: readonly Child[];
  /** Read, since the wanted platforms may be below. */
  readonly indexes: readonly Child[];
  /** Listed without a platform: their config has it. */
  readonly unknown: readonly Child[];
  /** Attestations of all children; those of taken ones are taken, too. */
  readonly attestations: readonly Child[];
}

/**
 * Chooses an index's children by platform. Attestations are not platforms: they are never chosen, counted or
 * missed. Two children of one platform are both taken, and so is a child that has one wanted platform among others.
 */
export function selectChildren(index: ImageIndex, choice: PlatformChoice): Selection {
  const leaves: Child[] = [];
  const indexes: Child[] = [];
  const unknown: Child[] = [];
  const attestations: Child[] = [];
  for (const [digest, entries] of Map.groupBy(index.manifests, (entry) => entry.digest)) {
    const child = { digest, entries };
    const images = entries.filter((entry) => !isAttestation(entry));
    const platforms = images.flatMap((entry) => platformOf(entry) ?? []);
    const wanted = platforms.some((platform) => isWanted(platform, choice));
    if (images.length === 0) attestations.push(child);
    else if (!wanted && platforms.length === images.length) continue;
    else if (images.some(({ mediaType }) => isIndexType(mediaType))) indexes.push(child);
    else if (wanted) leaves.push(child);
    else unknown.push(child);
  }
  return { leaves, indexes, unknown, attestations };
}

/** Whether a platform is one of those chosen. */
export function isWanted(platform: Platform, choice: PlatformChoice): boolean {
  return choice === 'all' || choice.some((wanted) => matchesPlatform(wanted, platform));
}

/** The attestations that belong to one of `digests`; all of them where every child is taken. */
export function attestationsOf(
  attestations: readonly Child[],
  digests: ReadonlySet<string>,
  choice: PlatformChoice,
): Child[] {
  return attestations.filter(
    ({ entries }) => choice === 'all' || entries.some((entry) => digests.has(attestedDigest(entry) ?? '')),
  );
}

/**
 * Refuses an index whose taken entries are not all valid descriptors. An entry of a platform that is not wanted, or of
 * an attestation, may be invalid.
 * @throws OciSaveError `unsupported`
 */
export function refuseFaulty(
  { faulty }: ImageIndex,
  taken: ReadonlySet<Digest>,
  choice: PlatformChoice,
): void {
  const wrong = faulty.find(({ digest, platform, isAttestation: attests }) => {
    if (choice === 'all' || (digest !== undefined && taken.has(digest))) return true;
    return !attests && (platform === undefined || isWanted(platform, choice));
  });
  if (wrong === undefined) return;
  throw new OciSaveError({ code: 'unsupported', message: `its index is not valid: ${wrong.fault}` });
}

/** The platforms that an index offers, in normal form. */
export function offeredPlatforms({ manifests }: ImageIndex): Platform[] {
  return manifests
    .filter((child) => !isAttestation(child))
    .flatMap((child) => platformOf(child) ?? [])
    .map(normalizePlatform);
}
