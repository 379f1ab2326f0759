import type { Failure, Fault, ImageRow, Listing, ReportedOrigin, Summary } from '../../report/index.ts';
import { spellHint } from '../../text/hint.ts';
import { plainText } from '../../text/plain-text.ts';
import { type Cell, tableLines, type TableShape } from './columns.ts';
import type { Palette, Screen } from './paint.ts';
import { wrapHanging, wrapWords } from './wrap.ts';

const MAX_ORIGINS = 3;
const MAX_FAILURES = 200;
const MAX_IMAGES = 200;
const MAX_LINES = 50;

/** Every image that failed: its name and lines, the class and the cause, the hint. */
export function failureSection({ failures, verdict }: Summary, screen: Screen): string[] {
  if (failures.length === 0) return [];
  return [
    screen.palette.bad(`Failed: ${verdict.failed} of ${verdict.wanted}`),
    ...failures.slice(0, MAX_FAILURES).flatMap((failure) => failureLines(failure, screen)),
    ...moreLine(failures.length - MAX_FAILURES),
  ];
}

/** One failure: its name and lines, the class and the cause, the hint. */
export function failureLines(failure: Failure, screen: Screen): string[] {
  const { palette } = screen;
  const where = formatOrigins(failure.origins);
  return [
    `  ${palette.strong(plainText(failure.ref))}${where === '' ? '' : `  ${palette.faint(where)}`}`,
    ...causeLines(failure, '    ', screen),
  ];
}

/** The class and the cause of a fault, and the hint. */
export function causeLines(
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

/** `images.txt:3, base.txt:9 and 4 more` */
function formatOrigins(origins: readonly ReportedOrigin[]): string {
  const shown = origins.slice(0, MAX_ORIGINS).map(({ file, line }) => `${plainText(file)}:${line}`);
  const more = origins.length - shown.length;
  return shown.join(', ') + (more > 0 ? ` and ${more} more` : '');
}

/** The table of images that are in the bundle. Stored names that differ from the reference are below it. */
export function imageSection({ images }: Summary, { palette, room }: Screen): string[] {
  if (images.length === 0) return [];
  const titles = ['IMAGE', 'DIGEST', 'PLATFORMS', 'SIZE', 'STATUS'];
  const shape: TableShape = {
    columns: [{}, {}, {}, { align: 'right' }, {}],
    headColumns: 1,
    titles: titles.map((text) => ({ text, paint: palette.faint })),
  };
  const rows = images.slice(0, MAX_IMAGES).flatMap((image) => imageCells(image, palette));
  return [
    palette.strong(`Images: ${images.length}`),
    ...tableLines(shape, rows, room),
    ...moreLine(images.length - MAX_IMAGES),
  ];
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
    ...names.map((name) => [{ text: `  => ${plainText(name)}`, paint: palette.faint }]),
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

const WITH_ENTRY: TableShape = { columns: [{}, {}, {}], headColumns: 2 };
const WITHOUT_ENTRY: TableShape = { columns: [{}, {}], headColumns: 1 };

/** Warnings about the lists, or entries that were not saved or not understood, with their line if there is one. */
export function listingSection(
  { title, takenBy, rows }: Listing,
  { palette, room, spelling }: Screen,
): string[] {
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
    ...tableLines(shape, cells, room),
    ...moreLine(rows.length - MAX_LINES),
  ];
}

export function moreLine(more: number, place = 'report.json'): string[] {
  return more > 0 ? [`  and ${more} more, all in ${place}`] : [];
}
