import type { CopyResult } from '../../../copy/index.ts';
import { OciSaveError } from '../../../errors.ts';
import { isForPlatform, type Leaf } from '../../../lock/index.ts';
import type { Manifests } from '../../../image/index.ts';
import { MAX_CONFIG_BYTES, parseConfig } from '../../../oci/config.ts';
import type { ImageManifest } from '../../../oci/manifest.ts';
import { formatPlatform, matchesPlatform, parsePlatform, type Platform } from '../../../oci/platform.ts';
import type { FailedImage, Resolution, ResolvedImage } from '../../../resolve/index.ts';
import type { Store } from '../../../store/index.ts';

/** The images that are whole after copying, and those that are not, each with its error. */
export interface Outcome {
  readonly whole: readonly ResolvedImage[];
  readonly failed: readonly FailedImage[];
}

/** An image fails with the error of the first blob that could not be fetched; no image is ever saved without a blob. */
export function outcomeOf({ resolved, failed }: Resolution, { failures }: CopyResult): Outcome {
  const whole: ResolvedImage[] = [];
  const broken: FailedImage[] = [];
  for (const image of resolved) {
    const lost = [...image.sizes.keys()].find((digest) => failures.has(digest));
    if (lost === undefined) whole.push(image);
    else broken.push({ wanted: image.wanted, error: failures.get(lost) });
  }
  return { whole, failed: [...failed, ...broken] };
}

/**
 * Judges the configs that were copied: those of an index's children, which resolving does not read. An image fails where one
 * of them is not a config: no runtime starts it, and importers stop there. A config that says another platform than its index
 * is a publisher's error that shows at the site, as an exec format error. It is a note, not a failure: runtimes go by the
 * index.
 */
export async function judgeConfigs({ whole, failed }: Outcome, store: Store): Promise<Outcome> {
  const judged = await Promise.all(whole.map((image) => judge(image, store)));
  return {
    whole: judged.flatMap((one) => ('error' in one ? [] : [one])),
    failed: [...failed, ...judged.flatMap((one) => ('error' in one ? [one] : []))],
  };
}

async function judge(resolved: ResolvedImage, store: Store): Promise<ResolvedImage | FailedImage> {
  try {
    const notes = await Promise.all(resolved.leaves.map((leaf) => noteOn(leaf, resolved.manifests, store)));
    return { ...resolved, notes: [...resolved.notes, ...notes.flat()] };
  } catch (error) {
    if (!(error instanceof OciSaveError)) throw error;
    return { wanted: resolved.wanted, error };
  }
}

async function noteOn(leaf: Leaf, manifests: Manifests, store: Store): Promise<string[]> {
  const manifest = manifests.get(leaf.digest)?.manifest;
  if (!isForPlatform(leaf) || manifest?.kind !== 'manifest') return [];
  const { platform, config } = leaf;
  const bytes = await store.read(config, MAX_CONFIG_BYTES);
  // Where nothing was copied it may be missing.
  if (bytes === undefined) return [];
  const configured = platformIn(bytes, manifest, platform);
  if (matchesPlatform(parsePlatform(platform), configured) || configured.os === 'windows') return [];
  return [
    `its index says ${platform}, its config ${formatPlatform(configured)}: it may hold the wrong programs`,
  ];
}

function platformIn(bytes: Uint8Array, manifest: ImageManifest, platform: string): Platform {
  try {
    return parseConfig(bytes, manifest).platform;
  } catch (error) {
    if (!(error instanceof OciSaveError)) throw error;
    throw new OciSaveError({ code: error.code, message: `${platform}: ${error.message}` });
  }
}
