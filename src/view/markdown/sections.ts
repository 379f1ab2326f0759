import type {
  FailureGroup,
  Fault,
  ImageRow,
  Listing,
  Place,
  PushSection,
  Summary,
} from '../../report/index.ts';
import { formatCount } from '../../text/bytes.ts';
import { type Spelling, spellHint } from '../../text/hint.ts';
import { type Bound, bounded, code, escaped, folded, prose, table, where } from './markdown.ts';

const MAX_ORIGINS = 3;
/** A longer table of images is folded, and so are more images of one cause. */
const MAX_OPEN_IMAGES = 50;
const MAX_OPEN_PLACES = 10;
const MAX_NAMES = 5;
/** Of the images of one cause: those that are shown, and those that are folded. */
const MAX_CELL_BYTES = 40_000;

/** Every cause of failures once: the images with their lines, what happened, and the hint. */
export function failureSection({ failures, verdict }: Summary, bound: Bound): string[] {
  if (failures.length === 0) return [];
  return [`### Failed: ${formatCount(verdict.failed, 'image')}`, '', ...causeTable(failures, bound)];
}

function causeTable(groups: readonly FailureGroup[], bound: Bound): string[] {
  return table(
    {
      titles: ['Image', 'Why it failed, and what helps'],
      rows: groups,
      cells: (group) => [placesCell(group.places, bound.rest), faultWords(group)],
    },
    bound,
  );
}

export function faultWords({ class: failureClass, message, hint }: Fault): string {
  const why = `**${failureClass}**: ${prose(message)}`;
  return hint === undefined || hint === '' ? why : `${why}<br>Hint: ${prose(hint)}`;
}

function placesCell(places: readonly Place[], rest: string): string {
  const linesOf = (some: readonly Place[]): string[] =>
    bounded(some, placeLine, { maxBytes: MAX_CELL_BYTES, rest }).filter((line) => line !== '');
  const more = places.slice(MAX_OPEN_PLACES);
  const shown = linesOf(places.slice(0, MAX_OPEN_PLACES)).join('<br>');
  if (more.length === 0) return shown;
  return `${shown}<details><summary>and ${more.length} more</summary>${linesOf(more).join('<br>')}</details>`;
}

/** `images.txt:4`, `more.txt:12`: `docker.io/library/nope:1` */
function placeLine({ origins, ref }: Place): string {
  const more = origins.length - MAX_ORIGINS;
  const shown = origins.slice(0, MAX_ORIGINS).map(({ file, line }) => where(file, line));
  const all = shown.join(', ') + (more > 0 ? ` and ${more} more` : '');
  return all === '' ? code(ref) : `${all}: ${code(ref)}`;
}

/** One row per image: its names, digest, platforms, size, and where it came from. */
export function imageSection({ images, totals, verdict }: Summary, bound: Bound): string[] {
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
      // Nobody looked up what an unchanged image has.
      total: verdict.unchanged ? undefined : totalCells(totals, fetched),
    },
    bound,
  );
  const title = `Images: ${images.length}`;
  return images.length > MAX_OPEN_IMAGES ? folded(`<b>${title}</b>`, lines) : [`### ${title}`, '', ...lines];
}

function totalCells({ images, bytes, fetched }: Summary['totals'], withFetched: boolean): string[] {
  return [
    `**${images}, each blob once**`,
    '',
    '',
    `**${figure(bytes)}**`,
    ...(withFetched ? [`**${figure(fetched)}**`] : []),
    '',
  ];
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
  { title, takenBy, rows, causes = [] }: Listing,
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
        rows: [
          ...causes.map(({ places, message }) => () => [placesCell(places, bound.rest), prose(message)]),
          ...rows.map(({ origin, entry, why }) => () => [
            where(origin?.file, origin?.line),
            ...(entry === undefined ? [] : [code(entry)]),
            prose(why),
          ]),
        ],
        cells: (cells) => cells(),
      },
      bound,
    ),
    ...(takenBy === undefined ? [] : ['', `${spellHint([takenBy], spelling)} takes such entries.`]),
  ];
}

/** What each push target got: figures, failures, names that differ. */
export function pushLines(sections: readonly PushSection[], { maxBytes, rest }: Bound): string[][] {
  const bound = { maxBytes: Math.floor(maxBytes / Math.max(1, sections.length) / 2), rest };
  return sections.flatMap(({ target, tally, traffic, failures, notes }) => [
    [`### Push to ${escaped(target)}: ${tally}`, '', `${traffic}.`],
    failures.length === 0 ? [] : causeTable(failures, bound),
    bounded(notes, (note) => `- ${prose(note)}`, bound),
  ]);
}
