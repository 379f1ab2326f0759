import { digestOfSums, type MeasuredArchive } from '../../../archive/index.ts';
import { digestOfLock, type Lock } from '../../../lock/index.ts';
import { type Digest, digestOf } from '../../../oci/digest.ts';
import { formatPlatform, type PlatformChoice } from '../../../oci/platform.ts';
import type { SaveOptions } from '../../../options/index.ts';
import type { RunReport } from '../../../report/index.ts';
import type { WantedImage } from '../../../resolve/index.ts';
import { VERSION } from '../../../version.ts';
import type { Places } from '../places.ts';
import type { Run } from '../run.ts';

/**
 * Options that do not change the archive, or that the wanted images and the places already include. Any other one counts:
 * one that is forgotten here only makes a run do its full work, and never mistakes one archive for another.
 */
const UNDECISIVE = new Set<string>([
  'images',
  'imageList',
  'listFormat',
  'defaultRegistry',
  'onCandidate',
  'platforms',
  'naming',
  'authFile',
  'credentials',
  'certsDir',
  'caFile',
  'insecureRegistries',
  'mirrors',
  'strictTags',
  'output',
  'archive',
  'archiveName',
  'splitSize',
  'cacheDir',
  'cacheMaxSize',
  'push',
  'pushPolicy',
  'release',
  'releasePolicy',
  'copier',
  'parallel',
  'retries',
  'onError',
  'dryRun',
  'skopeo',
] satisfies (keyof SaveOptions)[]);

/**
 * A digest of all that was asked for, as far as it decides the archive. Where it is the same, and every image has the
 * same digest, the archive is the same. It includes the tool's version: another one may lay out the same images differently.
 */
export function askedDigest(
  wanted: readonly WantedImage[],
  options: SaveOptions,
  { archivePlace: { name }, partSize }: Places,
): Digest {
  const images = wanted
    .map(({ ref, names, platforms, locked }) => ({
      ref,
      ...(locked === undefined ? {} : { locked }),
      names: names.map((stored) => `${stored.name}:${stored.tag ?? ''}`).toSorted(),
      platforms: platformsOf(platforms),
    }))
    .toSorted((a, b) => (a.ref < b.ref ? -1 : 1));
  const others = Object.entries(options).filter(([option]) => !UNDECISIVE.has(option));
  const text = JSON.stringify({ version: VERSION, name, partSize, options: others, images });
  return digestOf(new TextEncoder().encode(text));
}

/** What a later run needs to see that it would make the same archive; empty for a run without results. */
export function contentAsked(
  lock: Lock,
  archive: MeasuredArchive | undefined,
  { wanted, options, places }: Pick<Run, 'wanted' | 'options' | 'places'>,
): Pick<RunReport, 'content'> {
  if (options.dryRun || lock.images.length === 0) return {};
  return {
    content: {
      asked: askedDigest(wanted, options, places),
      lock: digestOfLock(lock),
      ...(archive === undefined ? {} : { sums: digestOfSums(archive) }),
    },
  };
}

function platformsOf(choice: PlatformChoice): string | string[] {
  return choice === 'all' ? choice : choice.map(formatPlatform).toSorted();
}
