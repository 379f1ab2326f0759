import { formatBytes, formatCount } from '../../text/bytes.ts';
import { cacheLines } from '../cache-words.ts';
import { formatSeconds } from '../../text/duration.ts';
import { type Palette, paletteOf } from './paint.ts';
import { plainText } from '../../text/plain-text.ts';
import type { RunReport } from '../../report/run-report.ts';
import { shellWord } from '../../text/shell-word.ts';
import { failureSection } from './summary-failures.ts';
import { archiveWords, releaseFailureSection, releaseWords } from './summary-release.ts';
import { imageSection, noteSection } from './summary-images.ts';
import { candidateSection, rejectSection, warningSection } from './summary-lists.ts';
import { pushSections } from './summary-push.ts';
import { unwritten } from '../../report/unwritten.ts';
import { wrapHanging, wrapWords } from './wrap.ts';

export interface SummaryOptions {
  /** The terminal's columns; without one no line is cut or broken, since a log is searched for whole names. */
  readonly width?: number | undefined;
  readonly color: boolean;
}

/**
 * What a person reads when a run has ended: what failed and why, the images, what was left out, and where the
 * result lies. No line end after the last line. `report.json` holds what long lists leave out here.
 */
export function renderSummary(report: RunReport, { width, color }: SummaryOptions): string {
  const palette = paletteOf(color);
  const room = width === undefined || width <= 0 ? Number.POSITIVE_INFINITY : width;
  return [
    failureSection(report, palette, room),
    imageSection(report, palette, room),
    noteSection(report, palette, room),
    warningSection(report, palette, room),
    candidateSection(report, palette, room),
    rejectSection(report, palette, room),
    ...pushSections(report.push ?? [], palette, room),
    releaseFailureSection(report, palette, room),
    resultSection(report, palette, room),
    verdict(report, palette, room),
  ]
    .filter((section) => section.length > 0)
    .map((section) => section.join('\n'))
    .join('\n\n');
}

const NAME_WIDTH = 9;

function resultSection(report: RunReport, palette: Palette, room: number): string[] {
  const { totals, bundle, archive, release, lock, dryRun = false, unchanged = false } = report;
  const size = [
    formatCount(totals.images, 'image'),
    formatCount(totals.blobs, 'blob'),
    formatBytes(totals.bytes),
  ].join(', ');
  const moved = dryRun
    ? `to fetch ${formatBytes(totals.bytes - totals.storedBytes)}`
    : `fetched ${formatBytes(totals.fetchedBytes)}`;
  const cached = report.cache?.restored.bytes ?? 0;
  const here =
    (cached > 0 ? `from the cache ${formatBytes(cached)}, ` : '') +
    `already here ${formatBytes(totals.storedBytes)}`;
  const line = (name: string, text: string): string[] =>
    wrapHanging(text, room, NAME_WIDTH).map((words, index) =>
      index === 0 ? palette.strong(name.padEnd(NAME_WIDTH)) + words : words,
    );
  const path = bundle === undefined ? undefined : plainText(bundle.path);
  const found = `nothing had changed: ${formatCount(totals.images, 'image')} asked for, by headers alone`;
  return [
    ...line('Total', unchanged ? found : `${size}; ${moved}, ${here}`),
    ...line('Time', formatSeconds(report.seconds)),
    ...cacheLines(report).flatMap((words) => line('Cache', words)),
    ...(path === undefined ? [] : line('Bundle', path)),
    ...(archive === undefined ? [] : line('Archive', archiveWords(archive))),
    ...(release === undefined ? [] : line('Release', releaseWords(release))),
    ...(release?.url === undefined ? [] : [' '.repeat(NAME_WIDTH) + plainText(release.url)]),
    ...(lock === undefined ? [] : line('Lock', `${plainText(lock.path)}, ${lock.digest}`)),
    ...(path === undefined
      ? []
      : [palette.strong('Next'.padEnd(NAME_WIDTH)) + `oci-save serve ${shellWord(path)}`]),
  ];
}

function errorLines(
  { class: failureClass, message, hint }: NonNullable<RunReport['error']>,
  palette: Palette,
  room: number,
): string[] {
  const [first = '', ...rest] = wrapHanging(`Failed (${failureClass}): ${plainText(message)}`, room, 2);
  const advice = hint === undefined ? [] : wrapHanging(`hint: ${plainText(hint)}`, room - 2, 2);
  return [palette.bad(first), ...rest, ...advice.map((line) => `  ${line}`)];
}

function unfinishedWords(report: RunReport): string {
  if (report.dryRun === true) return 'A dry run: nothing was fetched.';
  const missing = unwritten(report);
  const words = missing === undefined ? '' : `No ${missing} was written. `;
  return `${words}What was fetched stays in the store; the next run goes on from there.`;
}

/** The last line that is read: a table of a thousand images moves everything else out of sight. */
function verdict(report: RunReport, palette: Palette, room: number): string[] {
  const failed = report.failed.length;
  const wanted = formatCount(report.images.length + failed, 'image');
  const causes = `${failed} of ${wanted}; the list of causes stands above.`;
  const pushes = (report.push ?? [])
    .filter(({ outcome }) => outcome !== 'done')
    .map(({ target }) => plainText(target));
  const pushed = `not all images are at ${pushes.join(', ')}; what failed stands above.`;
  if (report.outcome === 'warned') {
    return [palette.warn(failed > 0 ? `Done without ${causes}` : `Done, but ${pushed}`)];
  }
  if (report.outcome === 'done') {
    return report.dryRun === true ? [palette.good('Dry run: nothing was copied.')] : [];
  }
  const unfinished =
    report.bundle === undefined && report.images.length > 0 && (failed > 0 || report.error !== undefined);
  if (failed === 0 && pushes.length === 0 && report.release?.failure !== undefined) {
    const stays = report.bundle === undefined ? '' : '; the bundle is whole';
    return [palette.bad(`Failed: the release, for the cause that stands above${stays}.`)];
  }
  return [
    ...(failed === 0 ? [] : [palette.bad(`Failed: ${causes}`)]),
    ...(report.error === undefined ? [] : errorLines(report.error, palette, room)),
    ...(failed === 0 && pushes.length > 0 ? [palette.bad(`Failed: ${pushed}`)] : []),
    ...(unfinished ? wrapWords(unfinishedWords(report), room) : []),
  ];
}
