import { formatBytes, formatCount } from '../text/bytes.ts';
import { plainText } from '../text/plain-text.ts';
import type { ReportedImage, RunReport } from '../report/run-report.ts';

const MAX_PLATFORMS = 3;

/** `linux/amd64,arm64`: what differs, and the system once. */
export function platformWords(platforms: readonly string[]): string {
  const shown = platforms.slice(0, MAX_PLATFORMS).map(plainText);
  const systems = new Set(shown.map((platform) => platform.split('/', 1)[0]));
  const short =
    systems.size === 1
      ? shown.map((platform, index) => (index === 0 ? platform : platform.slice(platform.indexOf('/') + 1)))
      : shown;
  const more = platforms.length - shown.length;
  return (short.join(',') || '-') + (more > 0 ? ` +${more}` : '');
}

/** An image that was not looked into has no size that anyone knows. */
export function sizeWords({ size }: ReportedImage): string {
  return size === 0 ? '-' : formatBytes(size);
}

const STATUS: Record<ReportedImage['status'], readonly [done: string, planned: string]> = {
  fetched: ['fetched', 'to fetch'],
  'partly stored': ['partly cached', 'partly cached'],
  stored: ['cached', 'cached'],
  unchanged: ['unchanged', 'unchanged'],
};

/** Whether the image was fetched, or will be in a dry run, and what was done to it. */
export function statusWords(image: ReportedImage, dryRun: boolean): string {
  return [
    STATUS[image.status][dryRun ? 1 : 0],
    ...(image.narrowed === true ? ['narrowed'] : []),
    ...(image.converted === true ? ['converted'] : []),
  ].join(', ');
}

/**
 * What a reader would not expect of the images: other bytes than the source's, or less than there is. At most `max`
 * lines are of single images.
 */
export function noteLines({ images, options, unchanged = false }: RunReport, max: number): string[] {
  if (unchanged) return [];
  const narrowed = images.filter((image) => image.narrowed).length;
  const converted = images.filter((image) => image.converted).length;
  const noted = images.flatMap(({ ref, notes }) => notes.map((note) => plainText(`${ref}: ${note}`)));
  return [
    ...(narrowed > 0
      ? [
          `${formatCount(narrowed, 'image')} narrowed to the platforms taken, for readers that take no sparse index`,
        ]
      : []),
    ...(converted > 0
      ? [`${formatCount(converted, 'image')} converted, so the digest is not the source's`]
      : []),
    ...noted.slice(0, max),
    ...(noted.length > max ? [`and ${noted.length - max} more, all in report.json`] : []),
    ...((options['referrers'] ?? 'none') === 'none' && images.length > 0
      ? ['signatures and other referrers were not looked for']
      : []),
  ];
}
