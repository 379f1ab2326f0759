import { hexOf } from '../oci/digest.ts';
import { shownReference } from '../oci/reference.ts';
import { formatBytes, formatCount } from '../text/bytes.ts';
import { plainText } from '../text/plain-text.ts';
import { fewOf, placeOf, placeWords } from './place.ts';
import type { ReportedImage, RunReport } from './run-report.ts';

const MAX_PLATFORMS = 3;
const MAX_NOTES = 50;

/** One image in a table. */
export interface ImageRow {
  readonly ref: string;
  /** Stored names other than the reference itself. */
  readonly names: readonly string[];
  /** The first twelve hex digits. */
  readonly digest: string;
  readonly platforms: string;
  /** `-` for an image whose manifest was not read. */
  readonly size: string;
  /** Empty where nothing was fetched, and in a dry run. */
  readonly fetched: string;
  readonly status: string;
  /** Whether nothing of it had to be fetched. */
  readonly stored: boolean;
}

export function imageRows({ images, dryRun = false }: RunReport): ImageRow[] {
  return images.map((image) => ({
    ref: shownReference(image.ref),
    names: image.names.filter((name) => name !== image.ref),
    digest: hexOf(image.digest).slice(0, 12),
    platforms: platformWords(image.platforms),
    size: image.size === 0 ? '-' : formatBytes(image.size),
    fetched: dryRun || image.fetchedBytes === 0 ? '' : formatBytes(image.fetchedBytes),
    status: statusWords(image, dryRun),
    stored: image.status === 'stored',
  }));
}

/** `linux/amd64,arm64`: a common system is written once. */
function platformWords(platforms: readonly string[]): string {
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
  'partly stored': ['partly cached', 'partly cached'],
  stored: ['cached', 'cached'],
  unchanged: ['unchanged', 'unchanged'],
};

/** Whether the image was fetched, or would be in a dry run, what it lacks, and how it was changed. */
function statusWords(
  { status, missingPlatforms: missing = [], narrowed, converted, referrers = 0 }: ReportedImage,
  dryRun: boolean,
): string {
  return [
    STATUS[status][dryRun ? 1 : 0],
    ...(missing.length > 0 ? [`no ${platformWords(missing)}`] : []),
    ...(narrowed === true ? ['narrowed'] : []),
    ...(converted === true ? ['converted'] : []),
    ...(referrers > 0 ? [formatCount(referrers, 'referrer')] : []),
  ].join(', ');
}

/** The sentence about an image that lacks wanted platforms; none about any other. */
export function missingNotes({
  platforms,
  missingPlatforms = [],
}: Pick<ReportedImage, 'platforms' | 'missingPlatforms'>): string[] {
  if (missingPlatforms.length === 0) return [];
  return [`it has no ${missingPlatforms.join(', ')}; it is saved for ${platforms.join(', ')}`];
}

/** One line for what is the same of several images, with the first of their places. */
function foldedNotes(
  images: readonly ReportedImage[],
  notes: (image: ReportedImage) => readonly string[],
): string[] {
  const all = images.flatMap((image) => notes(image).map((note) => ({ image, note })));
  return [...Map.groupBy(all, ({ note }) => note)].map(
    ([note, same]) => `${fewOf(same, ({ image }) => placeWords(placeOf(image)))}: ${plainText(note)}`,
  );
}

/** What a reader would not expect of the images: fewer than the lists name, fewer platforms, or bytes that differ from the source's. */
export function noteLines({ images, options, leftOut = [], unchanged = false }: RunReport): string[] {
  const narrowed = images.filter((image) => image.narrowed).length;
  const converted = images.filter((image) => image.converted).length;
  const noted = [...foldedNotes(images, missingNotes), ...foldedNotes(images, ({ notes }) => notes)];
  return [
    ...leftOutNotes(leftOut),
    ...(narrowed > 0
      ? [
          `${formatCount(narrowed, 'image')} narrowed to the platforms taken, for readers that take no sparse index`,
        ]
      : []),
    ...(converted > 0
      ? [`${formatCount(converted, 'image')} converted, so the digest in the bundle is not the source's`]
      : []),
    ...noted.slice(0, MAX_NOTES),
    ...(noted.length > MAX_NOTES ? [`and ${noted.length - MAX_NOTES} more, all in report.json`] : []),
    ...(images.length > 0 && !unchanged ? referrerNotes(images, options['referrers'] ?? 'none') : []),
  ];
}

/** How many images each rule leaves out; an image may be left out by several. */
function leftOutNotes(leftOut: NonNullable<RunReport['leftOut']>): string[] {
  const some = leftOut.filter((one) => one.count > 0);
  return [
    ...some
      .slice(0, MAX_NOTES)
      .map(
        ({ rule, place = 'ignore', count }) =>
          `${formatCount(count, 'image')} left out by ${plainText(place)}: ${plainText(rule)}`,
      ),
    ...(some.length > MAX_NOTES ? [`and by ${some.length - MAX_NOTES} more rules, all in report.json`] : []),
  ];
}

/** What was looked for beside the images. Nothing here checks a signature. */
function referrerNotes(images: readonly ReportedImage[], choice: unknown): string[] {
  if (choice === 'none') return ['no signature or other referrer was looked for or checked'];
  const having = images.filter(({ referrers = 0 }) => referrers > 0);
  const number = having.reduce((sum, { referrers = 0 }) => sum + referrers, 0);
  const noun = choice === 'signatures' ? 'signature' : 'referrer';
  const found = number === 0 ? `no ${noun}` : formatCount(number, noun);
  const of = number === 0 ? '' : `, of ${having.length} of ${formatCount(images.length, 'image')}`;
  return [`${found} found${of}; no signature was checked`];
}
