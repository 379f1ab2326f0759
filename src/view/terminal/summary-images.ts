import { hexOf } from '../../oci/digest.ts';
import type { Cell } from './columns.ts';
import { noteLines, platformWords, sizeWords, statusWords } from '../image-words.ts';
import type { Palette } from './paint.ts';
import { plainText } from '../../text/plain-text.ts';
import type { ReportedImage, RunReport } from '../../report/run-report.ts';
import { tableLines, type TableShape } from './summary-table.ts';
import { wrapHanging } from './wrap.ts';

const MAX_IMAGES = 200;
const MAX_NOTES = 50;

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
      { text: platformWords(image.platforms) },
      { text: sizeWords(image) },
      statusOf(image, palette, dryRun),
    ],
    ...names.map((name) => [{ text: `  => ${name}`, paint: palette.faint }]),
  ];
}

function statusOf(image: ReportedImage, palette: Palette, dryRun: boolean): Cell {
  return {
    text: statusWords(image, dryRun),
    paint: image.status === 'stored' ? palette.faint : palette.good,
  };
}

/** What a reader would not expect of the images. */
export function noteSection(report: RunReport, palette: Palette, room: number): string[] {
  const lines = noteLines(report, MAX_NOTES);
  if (lines.length === 0) return [];
  return [
    palette.strong('Notes'),
    ...lines.flatMap((line) => wrapHanging(line, room - 2, 2)).map((line) => `  ${line}`),
  ];
}
