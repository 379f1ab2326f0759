import type { Fault, ImageRow, Listing, PushSection, ReportedOrigin, Summary } from '../../report/index.ts';
import { formatCount } from '../../text/bytes.ts';
import { type Spelling, spellHint } from '../../text/hint.ts';
import { type Bound, bounded, code, escaped, folded, prose, table, where } from './markdown.ts';

const MAX_ORIGINS = 3;
/** A longer table of images is folded. */
const MAX_OPEN_IMAGES = 50;
const MAX_NAMES = 5;

/** Every image that failed: its name and lines, the cause, and the hint. */
export function failureSection({ failures }: Summary, bound: Bound): string[] {
  if (failures.length === 0) return [];
  const lines = table(
    {
      titles: ['Image', 'Why it failed, and what helps'],
      rows: failures,
      cells: (failure) => [
        [code(failure.ref), ...originLines(failure.origins)].join('<br>'),
        faultWords({ ...failure, message: withoutRef(failure.message, failure.ref) }),
      ],
    },
    bound,
  );
  return [`### Failed: ${formatCount(failures.length, 'image')}`, '', ...lines];
}

export function faultWords({ class: failureClass, message, hint }: Fault): string {
  const why = `**${failureClass}**: ${prose(message)}`;
  return hint === undefined || hint === '' ? why : `${why}<br>Hint: ${prose(hint)}`;
}

/** The first column already names the image. */
function withoutRef(message: string, ref: string): string {
  return message.startsWith(`${ref}: `) ? message.slice(ref.length + 2) : message;
}

function originLines(origins: readonly ReportedOrigin[]): string[] {
  const shown = origins.slice(0, MAX_ORIGINS).map(({ file, line }) => `in ${where(file, line)}`);
  const more = origins.length - shown.length;
  return more > 0 ? [...shown, `and ${more} more`] : shown;
}

/** One row per image: its names, digest, platforms, size, and where it came from. */
export function imageSection({ images }: Summary, bound: Bound): string[] {
  if (images.length === 0) return [];
  const fetched = images.some((image) => image.fetched !== '');
  const lines = table(
    {
      titles: ['Image', 'Digest', 'Platforms', 'Size', ...(fetched ? ['Fetched'] : []), 'Status'],
      figures: fetched ? [3, 4] : [3],
      rows: images,
      cells: (image) => [
        nameCell(image),
        code(image.digest),
        escaped(image.platforms.replaceAll(',', ', ')),
        figure(image.size),
        ...(fetched ? [figure(image.fetched)] : []),
        image.status,
      ],
    },
    bound,
  );
  const title = `Images: ${images.length}`;
  return images.length > MAX_OPEN_IMAGES ? folded(`<b>${title}</b>`, lines) : [`### ${title}`, '', ...lines];
}

function nameCell({ ref, names }: ImageRow): string {
  const more = names.length - MAX_NAMES;
  return [
    code(ref),
    ...names.slice(0, MAX_NAMES).map((name) => `as ${code(name)}`),
    ...(more > 0 ? [`and ${more} more names`] : []),
  ].join('<br>');
}

/** A number stays with its unit, however narrow the column. */
function figure(words: string): string {
  return words.replace(' ', '&nbsp;');
}

/** Warnings about the lists, or entries that were not saved or not understood. */
export function listingSection(
  { title, takenBy, rows }: Listing,
  bound: Bound,
  spelling: Spelling,
): string[] {
  const withEntry = rows[0]?.entry !== undefined;
  return [
    `### ${title}`,
    '',
    ...table(
      {
        titles: withEntry ? ['Where', 'Entry', 'Why'] : ['Where', 'Warning'],
        rows,
        cells: ({ origin, entry, why }) => [
          where(origin?.file, origin?.line),
          ...(entry === undefined ? [] : [code(entry)]),
          prose(why),
        ],
      },
      bound,
    ),
    ...(takenBy === undefined ? [] : ['', `${spellHint([takenBy], spelling)} takes such entries.`]),
  ];
}

/** What each push target got: figures, failures, names that differ. */
export function pushLines(sections: readonly PushSection[], { maxBytes, rest }: Bound): string[][] {
  const bound = { maxBytes: Math.floor(maxBytes / Math.max(1, sections.length) / 2), rest };
  return sections.flatMap(({ target, tally, traffic, failed, notes }) => [
    [`### Push to ${escaped(target)}: ${tally}`, '', `${traffic}.`],
    failed.length === 0
      ? []
      : table(
          {
            titles: ['Image', 'Why it failed, and what helps'],
            rows: failed,
            cells: (failure) => [code(failure.ref), faultWords(failure)],
          },
          bound,
        ),
    bounded(notes, (note) => `- ${prose(note)}`, bound),
  ]);
}
