import {
  type FailureGroup,
  type Fault,
  type ImageRow,
  type Listing,
  originWords,
  type Place,
  type Summary,
  type Verdict,
} from '../../report/index.ts';
import { spellHint } from '../../text/hint.ts';
import { plainText } from '../../text/plain-text.ts';
import { type Cell, tableLines, type TableShape } from './columns.ts';
import type { Palette, Screen } from './paint.ts';
import { wrapHanging, wrapWords } from './wrap.ts';

/** Images of one cause that are named, of several causes together, and of images in the bundle. */
const MAX_OF_A_CAUSE = 20;
const MAX_FAILURES = 200;
const MAX_IMAGES = 200;
const MAX_NAMES = 5;
const MAX_LINES = 50;

/** What failed, by its cause: the images with their lines, the class and the cause, the hint. */
export function failureSection({ failures, verdict }: Summary, screen: Screen): string[] {
  if (failures.length === 0) return [];
  return [
    screen.palette.bad(`Failed: ${verdict.failed} of ${verdict.wanted}`),
    ...causesSection(failures, screen, restOf(verdict)),
  ];
}

/** Causes one after the other, with a bounded number of images in all. @param rest where all of them are */
export function causesSection(groups: readonly FailureGroup[], screen: Screen, rest: string): string[] {
  const lines: string[] = [];
  let room = MAX_FAILURES;
  let left = groups.reduce((sum, { places }) => sum + places.length, 0);
  for (const group of groups) {
    if (room === 0) break;
    const shown = Math.min(MAX_OF_A_CAUSE, room, group.places.length);
    lines.push(...causeLines(group, shown, screen, rest));
    room -= shown;
    left -= group.places.length;
  }
  return [...lines, ...moreLine(left, rest)];
}

function causeLines(group: FailureGroup, shown: number, screen: Screen, rest: string): string[] {
  return [
    ...group.places.slice(0, shown).map((place) => `  ${placeLine(place, screen)}`),
    ...moreLine(group.places.length - shown, rest),
    ...faultLines(group, '    ', screen),
  ];
}

/** `images.txt:4, more.txt:12: docker.io/library/nope:1` */
function placeLine({ origins, ref }: Place, { palette }: Screen): string {
  const where = originWords(origins);
  return (where === '' ? '' : palette.faint(`${where}: `)) + palette.strong(plainText(ref));
}

/** The class and the cause of a fault, and the hint. */
export function faultLines(
  { class: failureClass, message, hint }: Fault,
  indent: string,
  { palette, room }: Screen,
): string[] {
  const indented = (text: string): string[] =>
    wrapWords(text, room - indent.length).map((line) => indent + line);
  const [first = '', ...rest] = indented(`${failureClass}: ${plainText(message)}`);
  return [
    first.replace(failureClass, palette.bad(failureClass)),
    ...rest,
    ...(hint === undefined ? [] : indented(`hint: ${plainText(hint)}`)),
  ];
}

/** The table of images that are in the bundle. Stored names that differ from the reference are below it. */
export function imageSection({ images, totals, verdict }: Summary, { palette, room }: Screen): string[] {
  if (images.length === 0) return [];
  const titles = ['IMAGE', 'DIGEST', 'PLATFORMS', 'SIZE', 'STATUS'];
  const shape: TableShape = {
    columns: [{}, {}, {}, { align: 'right' }, {}],
    headColumns: 1,
    titles: titles.map((text) => ({ text, paint: palette.faint })),
  };
  const rows = [
    ...images.slice(0, MAX_IMAGES).flatMap((image) => imageCells(image, palette)),
    ...moreWords(images.length - MAX_IMAGES, restOf(verdict)).map((text) => [{ text, paint: palette.faint }]),
    // Nobody looked up what an unchanged image has.
    ...(verdict.unchanged ? [] : [totalCells(totals, palette)]),
  ];
  return [palette.strong(`Images: ${images.length}`), ...tableLines(shape, rows, room)];
}

function imageCells(
  { ref, names, digest, platforms, size, status, stored }: ImageRow,
  palette: Palette,
): Cell[][] {
  return [
    [
      { text: plainText(ref) },
      { text: digest },
      { text: platforms },
      { text: size },
      { text: status, paint: stored ? palette.faint : palette.good },
    ],
    ...names.slice(0, MAX_NAMES).map((name) => [{ text: `  => ${plainText(name)}`, paint: palette.faint }]),
    ...moreWords(names.length - MAX_NAMES, '').map((text) => [{ text: `  ${text}`, paint: palette.faint }]),
  ];
}

function totalCells({ images, bytes }: Summary['totals'], { strong }: Palette): Cell[] {
  return [
    { text: `${images}, each blob once`, paint: strong },
    { text: '' },
    { text: '' },
    { text: bytes, paint: strong },
    { text: '' },
  ];
}

/** What a reader would not expect of the images. */
export function noteSection({ notes }: Summary, { palette, room }: Screen): string[] {
  if (notes.length === 0) return [];
  return [
    palette.strong('Notes'),
    ...notes.flatMap((line) => wrapHanging(line, room - 2, 2)).map((line) => `  ${line}`),
  ];
}

/** What is said of one entry on its line, and of several below them. */
function saidLines(
  { places, message }: Pick<FailureGroup, 'places' | 'message'>,
  screen: Screen,
  rest: string,
): string[] {
  const [first] = places;
  if (places.length === 1)
    return wrapHanging(`${placeLine(first, screen)}: ${plainText(message)}`, screen.room - 2, 2).map(
      (line) => `  ${line}`,
    );
  return [
    ...places.slice(0, MAX_OF_A_CAUSE).map((place) => `  ${placeLine(place, screen)}`),
    ...moreLine(places.length - MAX_OF_A_CAUSE, rest),
    ...wrapWords(plainText(message), screen.room - 4).map((line) => `    ${line}`),
  ];
}

const WITH_ENTRY: TableShape = { columns: [{}, {}, {}], headColumns: 2 };
const WITHOUT_ENTRY: TableShape = { columns: [{}, {}], headColumns: 1 };

/** Warnings about the lists, or entries that were not saved or not understood, with their line if there is one. */
export function listingSection(
  { title, takenBy, rows, causes = [] }: Listing,
  screen: Screen,
  rest: string,
): string[] {
  const { palette, room, spelling } = screen;
  const cells = rows.slice(0, MAX_LINES).map(({ origin, entry, why }): Cell[] => [
    {
      text: origin === undefined ? '-' : `${plainText(origin.file)}:${origin.line}`,
      paint: palette.faint,
    },
    ...(entry === undefined ? [] : [{ text: plainText(entry) }]),
    { text: plainText(why) },
  ]);
  const shape = rows[0]?.entry === undefined ? WITHOUT_ENTRY : WITH_ENTRY;
  return [
    palette.warn(title) + (takenBy === undefined ? '' : ` (${spellHint([takenBy], spelling)} takes them)`),
    ...causes.slice(0, MAX_LINES).flatMap((cause) => saidLines(cause, screen, rest)),
    ...moreLine(causes.length - MAX_LINES, rest),
    ...tableLines(shape, cells, room),
    ...moreLine(rows.length - MAX_LINES, rest),
  ];
}

/** Where all is of what a summary shows a part: a dry run leaves no file. */
export function restOf({ dryRun }: Pick<Verdict, 'dryRun'>): string {
  return dryRun ? '' : ', all in report.json';
}

export function moreLine(more: number, rest: string): string[] {
  return moreWords(more, rest).map((words) => `  ${words}`);
}

function moreWords(more: number, rest: string): string[] {
  return more > 0 ? [`and ${more} more${rest}`] : [];
}
