import path from 'node:path';
import { exitCodeOf, hintOf, OciSaveError } from '../errors.ts';
import { cacheLines, noteLines } from '../view/index.ts';
import { causeTexts, type RunReport, unwritten } from '../report/index.ts';
import { formatBytes, formatCount } from '../text/bytes.ts';
import { formatSeconds } from '../text/duration.ts';
import { plainLines } from '../text/plain-text.ts';
import { type Bound, bounded, code, escaped, prose, table, where } from './markdown.ts';
import { errorSection, failureSection } from './summary-failures.ts';
import { imageSection } from './summary-images.ts';
import { candidateSection, rejectSection, warningSection } from './summary-lists.ts';
import { archiveLines, releaseFailure, releaseLines } from './summary-published.ts';
import { asInput } from './spelling.ts';
import { pushSections } from './summary-push.ts';

/** GitHub takes 1 MiB of a step and drops a longer summary whole; together the sections stay below. */
const MAX_BYTES = { failures: 390_000, images: 400_000, list: 40_000, push: 80_000 } as const;
const MAX_NOTES = 50;

export interface Places {
  /** Where the report was written. */
  readonly reportFile: string;
  /** The workspace; paths in it are shown without it. */
  readonly folder: string;
}

/** What a person reads of a run on its page, as Markdown: failures first, and what was left out at the end. */
export function renderJobSummary(report: RunReport, { reportFile, folder }: Places): string {
  const shown = (file: string): string => code(pathIn(folder, file));
  // A dry run leaves no file.
  const rest = report.dryRun === true ? '' : `, all in ${shown(reportFile)}`;
  const bound = (kind: keyof typeof MAX_BYTES): Bound => ({ maxBytes: MAX_BYTES[kind], rest });
  return joined([
    [`## ${headline(report)}`],
    errorSection(report),
    unfinished(report),
    [figures(report)],
    failureSection(report, bound('failures')),
    releaseFailure(report),
    imageSection(report, bound('images')),
    ...pushSections(report, bound('push')),
    noteSection(report, bound('list')),
    warningSection(report, bound('list')),
    candidateSection(report, bound('list')),
    rejectSection(report, bound('list')),
    cacheSection(report),
    resultSection(report, shown, reportFile),
  ]);
}

/** The same of an error that ended the run. */
export function renderErrorSummary(error: unknown): string {
  const [message = 'failed without a word', ...causes] = causeTexts(error);
  const details = error instanceof OciSaveError ? error.details : [];
  const hint = hintOf(error, asInput);
  return joined([
    [`## ${headlineOf(error)}`],
    details.length > 1
      ? table(
          {
            titles: ['Where', 'Why'],
            rows: details,
            cells: ({ file, line, message: words }) => [where(file, line), prose(words)],
          },
          { maxBytes: MAX_BYTES.failures, rest: '' },
        )
      : [...plainLines(message), ...causes].map((words) => `- ${prose(words)}`),
    hint === undefined ? [] : [`Hint: ${prose(hint)}`],
  ]);
}

function headlineOf(error: unknown): string {
  if (error instanceof OciSaveError && error.code === 'interrupted') return 'Stopped';
  return exitCodeOf(error) === 2 ? 'Nothing was saved' : 'Failed';
}

function joined(sections: readonly (readonly string[])[]): string {
  const texts = sections.filter((section) => section.length > 0).map((section) => section.join('\n').trim());
  return `${texts.join('\n\n')}\n`;
}

function headline(report: RunReport): string {
  const { outcome, dryRun = false, unchanged = false, images, failed, error, push = [] } = report;
  if (error !== undefined) return 'Failed';
  if (unchanged) return `Nothing had changed: ${formatCount(images.length, 'image')} asked for, none copied`;
  const all = formatCount(images.length + failed.length, 'image');
  const targets = push.filter((target) => target.outcome !== 'done').map(({ target }) => target);
  if (failed.length === 0 && targets.length > 0)
    return `${all} saved, not all pushed to ${escaped(targets.join(', '))}`;
  if (outcome === 'failed' && failed.length === 0) return `${all} saved, and not released`;
  if (outcome === 'failed') return `${failed.length} of ${all} could not be ${dryRun ? 'resolved' : 'saved'}`;
  const done = outcome === 'warned' ? `${images.length} of ${all}` : all;
  return dryRun ? `Dry run: ${done} resolved, nothing copied` : `${done} saved`;
}

function unfinished(report: RunReport): string[] {
  const { outcome, failed, error, dryRun = false } = report;
  const isUnfinished = error !== undefined || (failed.length > 0 && outcome === 'failed');
  const missing = unwritten(report);
  return isUnfinished && !dryRun && missing !== undefined ? [`No ${missing} was written.`] : [];
}

function figures(report: RunReport): string {
  const { totals, cache, dryRun = false, unchanged = false, seconds } = report;
  if (unchanged) return `${whereItIs(report)} every image. ${formatSeconds(seconds)}.`;
  const cached = cache?.restored.bytes ?? 0;
  const moved = dryRun
    ? `${formatBytes(totals.bytes - totals.storedBytes)} to fetch`
    : `${formatBytes(totals.fetchedBytes)} fetched`;
  const size = `${formatCount(totals.blobs, 'blob')}, ${formatBytes(totals.bytes)}`;
  const restored = cached > 0 ? `${formatBytes(cached)} from the cache, ` : '';
  return `${size}: ${moved}, ${restored}${formatBytes(totals.storedBytes)} already here. ${formatSeconds(seconds)}.`;
}

function noteSection(report: RunReport, bound: Bound): string[] {
  const notes = noteLines(report, MAX_NOTES);
  return notes.length === 0 ? [] : ['### Notes', '', ...bounded(notes, (note) => `- ${prose(note)}`, bound)];
}

function cacheSection(report: RunReport): string[] {
  const lines = cacheLines(report).map((line) => `- ${escaped(line)}`);
  return lines.length === 0 ? [] : ['### Cache', '', ...lines];
}

function resultSection(report: RunReport, shown: (file: string) => string, reportFile: string): string[] {
  const { bundle, lock, tool, skopeoVersion, dryRun = false } = report;
  const tools = [
    `${tool.name} ${tool.version}`,
    ...(skopeoVersion === undefined ? [] : [`skopeo ${skopeoVersion}`]),
  ];
  return [
    '### Result',
    '',
    ...(bundle === undefined ? [] : [`- Bundle: ${shown(bundle.path)}`]),
    ...archiveLines(report, shown),
    ...(lock === undefined ? [] : [`- Lock: ${shown(lock.path)}, ${code(lock.digest)}`]),
    ...releaseLines(report),
    ...(dryRun ? [] : [`- Report: ${shown(reportFile)}`]),
    `- Made by ${escaped(tools.join(', '))}`,
  ];
}

function pathIn(folder: string, file: string): string {
  const relative = path.relative(folder, file);
  return relative === '' || relative.startsWith('..') || path.isAbsolute(relative) ? file : relative;
}

function whereItIs({ push, release }: RunReport): string {
  if (release === undefined) return 'Every push target has';
  return push === undefined ? 'The release has' : 'Every push target and the release have';
}
