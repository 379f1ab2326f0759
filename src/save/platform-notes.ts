import { formatPlatform, matchesPlatform, parsePlatform } from '../oci/platform.ts';
import { MAX_CONFIG_BYTES, parseConfig } from '../oci/config.ts';
import type { ResolvedImage } from '../resolve/index.ts';
import type { Store } from '../store/index.ts';

/**
 * Images whose config tells another platform than their index: a publisher's error that shows at the site, as an
 * exec format error. It is said, not refused: the index decides what runtimes take.
 */
export async function withPlatformNotes(
  images: readonly ResolvedImage[],
  store: Store,
): Promise<ResolvedImage[]> {
  return Promise.all(
    images.map(async (resolved) => {
      const notes = await Promise.all(resolved.image.leaves.map((leaf) => noteOn(leaf, store)));
      return { ...resolved, notes: [...resolved.notes, ...notes.flat()] };
    }),
  );
}

async function noteOn(
  { platform, config, attests }: ResolvedImage['image']['leaves'][number],
  store: Store,
): Promise<string[]> {
  if (platform === undefined || attests !== undefined) return [];
  const bytes = await store.read(config, MAX_CONFIG_BYTES);
  if (bytes === undefined) return [];
  const told = parseConfig(bytes).platform;
  if (matchesPlatform(parsePlatform(platform), told) || told.os === 'windows') return [];
  return [`its index says ${platform}, its config ${formatPlatform(told)}: it may hold the wrong programs`];
}
