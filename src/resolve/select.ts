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

/** Which manifests are taken. */
export interface Choice {
  readonly platforms: PlatformChoice;
  /** Exactly these manifests; the platforms are then those of nested indexes alone. */
  readonly takes?: ((digest: Digest) => boolean) | undefined;
}

/**
 * Chooses an index's children by platform. Attestations are not platforms: they are never chosen, counted or
 * missed. Two children of one platform are both taken, and so is a child that has one wanted platform among others.
 */
export function selectChildren(index: ImageIndex, { platforms: choice, takes }: Choice): Selection {
  const leaves: Child[] = [];
  const indexes: Child[] = [];
  const unknown: Child[] = [];
  const attestations: Child[] = [];
  for (const [digest, entries] of Map.groupBy(index.manifests, (entry) => entry.digest)) {
    const child = { digest, entries };
    const images = entries.filter((entry) => !isAttestation(entry));
    const platforms = images.flatMap((entry) => platformOf(entry) ?? []);
    const wanted = platforms.some((platform) => isWanted(platform, choice));
    const isIndex = images.some(({ mediaType }) => isIndexType(mediaType));
    if (images.length === 0) attestations.push(child);
    else if (takes !== undefined && !isIndex) {
      if (takes(digest)) (wanted ? leaves : unknown).push(child);
    } else if (!wanted && platforms.length === images.length) continue;
    else if (isIndex) indexes.push(child);
    else if (wanted) leaves.push(child);
    else unknown.push(child);
  }
  return { leaves, indexes, unknown, attestations };
}

/** Whether a platform is one of those chosen. */
export function isWanted(platform: Platform, choice: PlatformChoice): boolean {
  return choice === 'all' || choice.some((wanted) => matchesPlatform(wanted, platform));
}

/** The attestations that are taken: of those in `digests`, or all of them where every child is. */
export function attestationsOf(
  attestations: readonly Child[],
  digests: ReadonlySet<string>,
  { platforms: choice, takes }: Choice,
): Child[] {
  if (takes !== undefined) return attestations.filter(({ digest }) => takes(digest));
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
  { platforms: choice, takes }: Choice,
): void {
  const wrong = faulty.find(({ digest, platform, isAttestation: attests }) => {
    if (digest !== undefined && taken.has(digest)) return true;
    if (takes !== undefined) return false;
    if (choice === 'all') return true;
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
