import { hexOf } from '../oci/digest.ts';
import { formatBytes, formatCount } from './bytes.ts';
import type { Cell } from './columns.ts';
import type { Palette } from './paint.ts';
import { plainText } from './plain-text.ts';
import type { ReportedImage, RunReport } from './run-report.ts';
import { tableLines, type TableShape } from './summary-table.ts';
import { wrapHanging } from './wrap.ts';

const MAX_IMAGES = 200;
const MAX_NOTES = 50;
const MAX_PLATFORMS = 3;

/** The table of images that are in the bundle. Stored names stand below where they are not the reference. */
export function imageSection(report: RunReport, palette: Palette, room: number): string[] {
  const { images, dryRun = false } = report;
  if (images.length === 0) return [];
  const titles = ['IMAGE', 'DIGEST', 'PLATFORMS', 'SIZE', 'STATUS'];
  const shape: TableShape = {
    columns: [{}, {}, {}, { align: 'right' }, {}],
    headColumns: 1,
    titles: titles.map((text) => ({ text, paint: palette.faint })),
  };
  const rows = images.slice(0, MAX_IMAGES).flatMap((image) => imageRows(image, palette, dryRun));
  const more = images.length - MAX_IMAGES;
  return [
    palette.strong(`Images: ${images.length}`),
    ...tableLines(shape, rows, room),
    ...(more > 0 ? [`  and ${more} more, all in report.json`] : []),
  ];
}

function imageRows(image: ReportedImage, palette: Palette, dryRun: boolean): Cell[][] {
  const ref = plainText(image.ref);
  const names = image.names.map(plainText).filter((name) => name !== ref);
  return [
    [
      { text: ref },
      { text: hexOf(image.digest).slice(0, 12) },
      { text: formatPlatforms(image.platforms) },
      { text: formatBytes(image.size) },
      statusOf(image, palette, dryRun),
    ],
    ...names.map((name) => [{ text: `  => ${name}`, paint: palette.faint }]),
  ];
}

/** `linux/amd64,arm64`: what differs, and the system once. */
function formatPlatforms(platforms: readonly string[]): string {
  const shown = platforms.slice(0, MAX_PLATFORMS).map(plainText);
  const systems = new Set(shown.map((platform) => platform.split('/', 1)[0]));
  const short =
    systems.size === 1
      ? shown.map((platform, index) => (index === 0 ? platform : platform.slice(platform.indexOf('/') + 1)))
      : shown;
  const more = platforms.length - shown.length;
  return (short.join(',') || '-') + (more > 0 ? ` +${more}` : '');
}

const STATUS: Record<ReportedImage['status'], readonly [done: string, planned: string]> = {
  fetched: ['fetched', 'to fetch'],
  'partly stored': ['partly here', 'partly here'],
  stored: ['was here', 'is here'],
};

function statusOf(image: ReportedImage, palette: Palette, dryRun: boolean): Cell {
  const marks = [
    STATUS[image.status][dryRun ? 1 : 0],
    ...(image.narrowed === true ? ['narrowed'] : []),
    ...(image.converted === true ? ['converted'] : []),
  ];
  return { text: marks.join(', '), paint: image.status === 'stored' ? palette.faint : palette.good };
}

/** What a reader would not expect of the images: other bytes than the source's, or less than there is. */
export function noteSection({ images, options }: RunReport, palette: Palette, room: number): string[] {
  const narrowed = images.filter((image) => image.narrowed).length;
  const converted = images.filter((image) => image.converted).length;
  const noted = images.flatMap(({ ref, notes }) => notes.map((note) => plainText(`${ref}: ${note}`)));
  const lines = [
    ...(narrowed > 0
      ? [
          `${formatCount(narrowed, 'image')} narrowed to the platforms taken, for readers that take no sparse index`,
        ]
      : []),
    ...(converted > 0
      ? [`${formatCount(converted, 'image')} converted, so the digest is not the source's`]
      : []),
    ...noted.slice(0, MAX_NOTES),
    ...(noted.length > MAX_NOTES ? [`and ${noted.length - MAX_NOTES} more, all in report.json`] : []),
    ...((options['referrers'] ?? 'none') === 'none' && images.length > 0
      ? ['signatures and other referrers were not looked for']
      : []),
  ];
  if (lines.length === 0) return [];
  return [
    palette.strong('Notes'),
    ...lines.flatMap((line) => wrapHanging(line, room - 2, 2)).map((line) => `  ${line}`),
  ];
}
