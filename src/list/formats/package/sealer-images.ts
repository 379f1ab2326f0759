import { formatPlatform, parsePlatform, parsePlatformChoice, type Platform } from '../../../oci/platform.ts';
import { OciSaveError } from '../../../errors.ts';
import type { EntryParts } from '../../entry/entry.ts';
import type { Collector } from '../../entry/findings.ts';
import { refusal } from '../../problems.ts';
import type { ListDocument } from '../../syntax/document.ts';
import { fieldOf, listed, type Tree } from '../../syntax/tree.ts';
import { ignoreOthers, textOf, textsOf } from '../fields.ts';

/** The keys of an entry, of its platform, and those that only we write. */
const KEYS = ['image', 'appName', 'platform', 'digest', 'names', 'allPlatforms'];
const PLATFORM_KEYS = ['os', 'architecture', 'variant', 'os.version'];

/** `[{image, appName, platform}]`: the images of a sealer image, as its annotation `sealer.image.container.images` has them. */
export function isSealerImages({ trees }: ListDocument): boolean {
  return trees?.roots.some((tree) => tree.kind === 'sequence' && tree.items.some(isEntry)) ?? false;
}

function isEntry(item: Tree): boolean {
  if (fieldOf(item, 'image')?.kind !== 'scalar') return false;
  return (
    fieldOf(item, 'platform')?.kind === 'mapping' ||
    (item.kind === 'mapping' && item.entries.some(({ key }) => key === 'appName'))
  );
}

/** Entries of one image, which differ in nothing but the platform. */
interface Group {
  readonly line: number;
  readonly parts: Omit<EntryParts, 'platforms'>;
  /** Undefined for an entry without a platform: the run's choice applies. */
  readonly platforms: 'all' | Platform[] | undefined;
}

/** sealer has an entry for each platform of an image; they become one request. */
export function parseSealerImages({ trees }: ListDocument, collector: Collector): void {
  const groups = new Map<string, Group>();
  for (const item of (trees?.roots ?? []).flatMap(listed)) {
    if (collector.stopsAt(item.line)) return;
    try {
      addEntry(item, groups, collector);
    } catch (error) {
      if (!(error instanceof OciSaveError)) throw error;
      collector.addReject(item.line, error);
    }
  }
  for (const { line, parts, platforms } of groups.values()) {
    const named = platforms === 'all' ? platforms : platforms?.map(formatPlatform).join(',');
    collector.addEntry(line, parts.source, () => ({
      ...parts,
      platforms: named === undefined ? undefined : parsePlatformChoice(named),
    }));
  }
}

function addEntry(item: Tree, groups: Map<string, Group>, collector: Collector): void {
  const source = textOf(item, 'image');
  if (item.kind !== 'mapping' || source === undefined) {
    throw refusal('this entry does not name an image', 'Its key is `image`.');
  }
  ignoreOthers(collector, item, KEYS);
  if ((textOf(item, 'appName') ?? '') !== '') collector.ignore('appName');
  const parts = { source, pin: textOf(item, 'digest'), storedAs: textsOf(item, ['names']) };
  const platform = platformOf(item, collector);
  const choice = typeof platform === 'object' ? 'named' : (platform ?? '');
  const key = JSON.stringify([parts, choice]);
  const group = groups.get(key);
  const platforms = typeof platform === 'object' ? [platform] : platform;
  if (group === undefined) groups.set(key, { line: item.line, parts, platforms });
  else if (typeof group.platforms === 'object' && typeof platform === 'object')
    group.platforms.push(platform);
}

function platformOf(item: Tree, collector: Collector): 'all' | Platform | undefined {
  if (textOf(item, 'allPlatforms') === 'true') return 'all';
  const platform = fieldOf(item, 'platform');
  if (platform === undefined) return undefined;
  if (platform.kind !== 'mapping') throw refusal(`'platform' is not a mapping`);
  if (platform.entries.length === 0) return undefined;
  ignoreOthers(collector, platform, PLATFORM_KEYS);
  const [os, architecture, variant, version] = PLATFORM_KEYS.map((key) => textOf(platform, key));
  const named = [os, architecture, variant].filter((part) => part !== undefined).join('/');
  return parsePlatform(version === undefined ? named : `${named}:${version}`);
}
