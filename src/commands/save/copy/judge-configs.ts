import { OciSaveError } from '../../../errors.ts';
import { MAX_CONFIG_BYTES, parseConfig } from '../../../oci/config.ts';
import { formatPlatform, matchesPlatform, parsePlatform } from '../../../oci/platform.ts';
import type { ResolvedImage } from '../../../resolve/index.ts';
import type { Store } from '../../../store/index.ts';
import type { Outcome } from '../outcome.ts';

/**
 * Judges the configs that came with the blobs: those of an index's children, of which resolving reads none. An image of
 * which one is not a config fails: no runtime starts it, and importers stop there. One that tells another platform than
 * its index is a publisher's error that shows at the site, as an exec format error. It is said, not refused: the index
 * decides what runtimes take.
 */
export async function judgeConfigs({ whole, failed }: Outcome, store: Store): Promise<Outcome> {
  const judged = await Promise.all(whole.map((image) => judge(image, store)));
  return {
    whole: judged.flatMap((one) => ('image' in one ? [one] : [])),
    failed: [...failed, ...judged.flatMap((one) => ('error' in one ? [one] : []))],
  };
}

async function judge(
  resolved: ResolvedImage,
  store: Store,
): Promise<ResolvedImage | Outcome['failed'][number]> {
  try {
    const notes = await Promise.all(resolved.image.leaves.map((leaf) => noteOn(leaf, store)));
    return { ...resolved, notes: [...resolved.notes, ...notes.flat()] };
  } catch (error) {
    if (!(error instanceof OciSaveError)) throw error;
    return { wanted: resolved.wanted, error };
  }
}

async function noteOn(
  { platform, config, attests }: ResolvedImage['image']['leaves'][number],
  store: Store,
): Promise<string[]> {
  if (platform === undefined || attests !== undefined) return [];
  const bytes = await store.read(config, MAX_CONFIG_BYTES);
  // Where nothing was copied it may not be here.
  if (bytes === undefined) return [];
  const told = platformIn(bytes, platform);
  if (matchesPlatform(parsePlatform(platform), told) || told.os === 'windows') return [];
  return [`its index says ${platform}, its config ${formatPlatform(told)}: it may hold the wrong programs`];
}

function platformIn(bytes: Uint8Array, platform: string): ReturnType<typeof parseConfig>['platform'] {
  try {
    return parseConfig(bytes).platform;
  } catch (error) {
    if (!(error instanceof OciSaveError)) throw error;
    throw new OciSaveError({ code: error.code, message: `${platform}: ${error.message}` });
  }
}
