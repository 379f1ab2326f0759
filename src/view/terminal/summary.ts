import {
  type Fault,
  type Listing,
  releaseWords,
  type RunReport,
  summarize,
  type Summary,
} from '../../report/index.ts';
import { formatBytes, formatCount } from '../../text/bytes.ts';
import { asFlag } from '../../text/hint.ts';
import { plainText, sentence } from '../../text/plain-text.ts';
import { type Screen, type ScreenOptions, screenOf } from './paint.ts';
import { pushSection, releaseFailureSection } from './published.ts';
import { failureSection, imageSection, listingSection, noteSection, restOf } from './sections.ts';
import { wrapHanging, wrapWords } from './wrap.ts';

/**
 * What a person reads when a run has ended: what failed and why, the images, what was left out, and where the result
 * is. No line end after the last line. `report.json` contains what is left out of long lists here.
 */
export function renderSummary(report: RunReport, options: ScreenOptions): string {
  const screen = screenOf(options);
  const summary = summarize(report);
  return [
    failureSection(summary, screen),
    imageSection(summary, screen),
    noteSection(summary, screen),
    ...summary.listings.map((listing) => listingSection(listing, screen, restOf(summary.verdict))),
    ...summary.push.map((section) => pushSection(section, screen, restOf(summary.verdict))),
    releaseFailureSection(summary.verdict.release, screen),
    resultSection(summary, screen),
    verdictSection(summary, screen),
  ]
    .filter((section) => section.length > 0)
    .map((section) => section.join('\n'))
    .join('\n\n');
}

/** The part of it that is about the lists: a run that is to be quiet still warns. Empty where there is nothing to say. */
export function renderWarnings(report: RunReport, options: ScreenOptions): string {
  const { listings, verdict } = summarize(report);
  return renderListings(listings, options, restOf(verdict));
}

/** Sections about lists, without those that have nothing to say. `rest` says where all of a long one is. */
export function renderListings(listings: readonly Listing[], options: ScreenOptions, rest: string): string {
  const screen = screenOf(options);
  return listings
    .filter(({ rows, causes = [] }) => rows.length + causes.length > 0)
    .map((listing) => listingSection(listing, screen, rest).join('\n'))
    .join('\n\n');
}

const NAME_WIDTH = 9;

function resultSection(
  { verdict, totals, cache, quotas, made, next }: Summary,
  { palette, room, spelling }: Screen,
): string[] {
  const { bundle, archive, release, lock } = made;
  const line = (name: string, text: string): string[] =>
    wrapHanging(text, room, NAME_WIDTH).map((words, index) =>
      index === 0 ? palette.strong(name.padEnd(NAME_WIDTH)) + words : words,
    );
  const { images, blobs, bytes, fetched, restored, unneeded, stored, time } = totals;
  const total = verdict.unchanged
    ? `unchanged: ${images} asked for, by headers alone`
    : `${images}, ${blobs}, ${bytes}; ${verdict.dryRun ? 'to fetch' : 'fetched'} ${fetched}, ` +
      `${restored === undefined ? '' : `from the cache ${restored}, `}already here ${stored}` +
      (unneeded === undefined ? '' : `, not needed ${unneeded}`);
  // A workflow has no command: its log names what the site can do.
  const here = spelling === asFlag;
  const steps = here ? [...next.loadHere, ...next.serve] : next.load;
  const path = bundle && plainText(bundle.path);
  return [
    // Of a run without an image nothing is counted.
    ...(verdict.saved === 0 ? [] : line('Total', total)),
    ...line('Time', time),
    ...cache.flatMap((words) => line('Cache', words)),
    ...quotas.flatMap((words) => line('Quota', words)),
    ...(path === undefined ? [] : line('Bundle', path + (bundle?.unchanged === true ? ', unchanged' : ''))),
    ...(archive === undefined ? [] : line('Archive', archiveWords(archive))),
    ...(release === undefined ? [] : line('Release', releaseWords(release))),
    ...(release?.url === undefined ? [] : [' '.repeat(NAME_WIDTH) + plainText(release.url)]),
    ...(lock === undefined ? [] : line('Lock', `${plainText(lock.path)}, ${lock.digest}`)),
    ...(here || steps.length === 0 ? [] : ['', 'At the site, in the folder with the archive:']),
    ...steps.map((command, at) =>
      here ? palette.strong((at === 0 ? 'Next' : '').padEnd(NAME_WIDTH)) + command : `  ${command}`,
    ),
  ];
}

/** `bundle.tar, 120 MiB, sha256:…`; for parts, their number and names. */
function archiveWords({ path, size, digest, parts }: NonNullable<RunReport['archive']>): string {
  const [first, last] = [parts?.[0], parts?.at(-1)];
  const what =
    first === undefined || last === undefined
      ? plainText(path)
      : `${plainText(first.path)} … ${last.path.slice(-3)} (${formatCount(parts?.length ?? 0, 'part')})`;
  return `${what}, ${formatBytes(size)}, ${digest}`;
}

/** The end of the summary: a table of a thousand images scrolls everything else out of sight. */
function verdictSection({ verdict, made }: Summary, screen: Screen): string[] {
  const { outcome, cause, dryRun, failed, wanted, fault, targets, unfinished } = verdict;
  const { good, warn, bad } = screen.palette;
  const causes = `${failed} of ${wanted}; the causes are listed above.`;
  const pushed = `not all images are at ${targets.join(', ')}; the failures are listed above.`;
  if (outcome === 'done') return dryRun ? [good('Dry run: nothing was saved.')] : [];
  if (outcome === 'warned') return [warn(failed > 0 ? `Done without ${causes}` : `Done, but ${pushed}`)];
  const whole = made.bundle === undefined ? '' : '; the bundle is complete';
  return [
    ...(failed === 0 ? [] : [bad(`Failed: ${causes}`)]),
    ...(fault === undefined ? [] : faultLines(fault, screen)),
    ...(failed === 0 && targets.length > 0 ? [bad(`Failed: ${pushed}`)] : []),
    ...(cause === 'release' ? [bad(`Failed: the release, for the cause given above${whole}.`)] : []),
    ...(unfinished && (verdict.unpublished.length > 0 || made.bundle === undefined)
      ? wrapWords(unfinishedWords(verdict), screen.room).filter((line) => line !== '')
      : []),
  ];
}

function faultLines({ class: failureClass, message, hint }: Fault, { palette, room }: Screen): string[] {
  const [first = '', ...rest] = wrapHanging(`Failed (${failureClass}): ${plainText(message)}`, room, 2);
  const advice = hint === undefined ? [] : wrapHanging(`hint: ${plainText(hint)}`, room - 2, 2);
  return [palette.bad(first), ...rest, ...advice.map((line) => `  ${line}`)];
}

function unfinishedWords({ dryRun, unwritten, unpublished, saved }: Summary['verdict']): string {
  if (dryRun) return 'A dry run: nothing was fetched.';
  return [
    ...(unwritten === undefined ? [] : [`No ${unwritten} was written.`]),
    ...unpublished.map(sentence),
    ...(saved > 0 ? ['What was fetched stays in the store; the next run continues from there.'] : []),
  ].join(' ');
}
