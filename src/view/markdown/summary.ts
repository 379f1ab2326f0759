import path from 'node:path';
import { exitCodeOf, hintOf, OciSaveError } from '../../errors.ts';
import {
  causeTexts,
  imagesVerdict,
  type ReleaseReport,
  releaseWords,
  type RunReport,
  summarize,
  type Summary,
  type Verdict,
} from '../../report/index.ts';
import { formatBytes, formatCount } from '../../text/bytes.ts';
import type { Spelling } from '../../text/hint.ts';
import { plainLines } from '../../text/plain-text.ts';
import { type Bound, bounded, code, escaped, prose, table, where } from './markdown.ts';
import { failureSection, faultWords, imageSection, listingSection, pushLines } from './sections.ts';

/** GitHub takes 1 MiB of a step and drops a longer summary whole; together the sections stay below. */
const MAX_BYTES = { failures: 390_000, images: 400_000, list: 40_000, push: 80_000 } as const;

export interface JobSummaryOptions {
  /** Where the report was written. */
  readonly reportFile: string;
  /** The workspace; paths in it are shown without it. */
  readonly folder: string;
  /** How options are written. */
  readonly spelling: Spelling;
}

/** What a person reads of a run on its page, as Markdown: failures first, and what was left out at the end. */
export function renderJobSummary(
  report: RunReport,
  { reportFile, folder, spelling }: JobSummaryOptions,
): string {
  const summary = summarize(report);
  const { verdict, listings, push, notes, cache } = summary;
  const shown = (file: string): string => code(pathIn(folder, file));
  // A dry run leaves no file.
  const rest = verdict.dryRun ? '' : `, all in ${shown(reportFile)}`;
  const bound = (kind: keyof typeof MAX_BYTES): Bound => ({ maxBytes: MAX_BYTES[kind], rest });
  return joined([
    [`## ${headline(verdict)}`],
    verdict.fault === undefined ? [] : [faultWords(verdict.fault)],
    verdict.unwritten === undefined ? [] : [`No ${verdict.unwritten} was written.`],
    [figures(summary)],
    failureSection(summary, bound('failures')),
    releaseFailure(verdict),
    imageSection(summary, bound('images')),
    ...pushLines(push, bound('push')),
    titled(
      'Notes',
      bounded(notes, (note) => `- ${prose(note)}`, bound('list')),
    ),
    ...listings.map((listing) => listingSection(listing, bound('list'), spelling)),
    titled(
      'Cache',
      cache.map((line) => `- ${escaped(line)}`),
    ),
    resultSection(summary, shown, reportFile),
  ]);
}

/** The same for an error that ended the run. */
export function renderErrorSummary(error: unknown, spelling: Spelling): string {
  const [message = 'failed without a word', ...causes] = causeTexts(error);
  const details = error instanceof OciSaveError ? error.details : [];
  const hint = hintOf(error, spelling);
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

function titled(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`### ${title}`, '', ...lines];
}

function headline(verdict: Verdict): string {
  const { outcome, cause, dryRun, unchanged, saved, wanted, targets } = verdict;
  if (cause === 'result') return 'Failed';
  if (unchanged) return `Nothing had changed: ${wanted} asked for, none copied`;
  if (cause === 'push') return `${wanted} saved, not all pushed to ${escaped(targets.join(', '))}`;
  if (cause === 'release') return `${wanted} saved, and not released`;
  if (outcome === 'failed') return imagesVerdict(verdict);
  const done = outcome === 'warned' ? `${saved} of ${wanted}` : wanted;
  return dryRun ? `Dry run: ${done} resolved, nothing copied` : `${done} saved`;
}

function figures({ verdict, totals, made, push }: Summary): string {
  const { blobs, bytes, fetched, restored, stored, time } = totals;
  if (verdict.unchanged) {
    const places = [
      ...(push.length > 0 ? ['every push target'] : []),
      ...(made.release === undefined ? [] : ['the release']),
    ];
    const subject = places.join(' and ').replace(/^./, (letter) => letter.toUpperCase());
    return `${subject} ${places.length > 1 ? 'have' : 'has'} every image. ${time}.`;
  }
  const moved = `${fetched} ${verdict.dryRun ? 'to fetch' : 'fetched'}`;
  const cached = restored === undefined ? '' : `${restored} from the cache, `;
  return `${blobs}, ${bytes}: ${moved}, ${cached}${stored} already here. ${time}.`;
}

/** A release that failed, in the form that failures of images have. */
function releaseFailure({ release }: Verdict): string[] {
  if (release === undefined) return [];
  const { class: failureClass, message, hint } = release.failure;
  return titled(`Release ${escaped(release.tag)} failed`, [
    `- **${failureClass}**: ${prose(message)}`,
    `- Hint: ${prose(hint)}`,
  ]);
}

function resultSection(
  { verdict, made }: Summary,
  shown: (file: string) => string,
  reportFile: string,
): string[] {
  const { bundle, archive, release, lock, tool, skopeoVersion } = made;
  const tools = [
    `${tool.name} ${tool.version}`,
    ...(skopeoVersion === undefined ? [] : [`skopeo ${skopeoVersion}`]),
  ];
  return titled('Result', [
    ...(bundle === undefined ? [] : [`- Bundle: ${shown(bundle.path)}`]),
    ...(archive === undefined ? [] : archiveLines(archive, shown)),
    ...(lock === undefined ? [] : [`- Lock: ${shown(lock.path)}, ${code(lock.digest)}`]),
    ...(release === undefined || release.failure !== undefined ? [] : [releaseLine(release)]),
    ...(verdict.dryRun ? [] : [`- Report: ${shown(reportFile)}`]),
    `- Made by ${escaped(tools.join(', '))}`,
  ]);
}

/** The archive, and its parts where it was split. */
function archiveLines(
  { path: file, size, digest, parts = [] }: NonNullable<RunReport['archive']>,
  shown: (file: string) => string,
): string[] {
  const cut = parts.length === 0 ? '' : ` in ${formatCount(parts.length, 'part')}`;
  return [
    `- Archive: ${shown(file)}${cut}, ${formatBytes(size)}, ${code(digest)}`,
    ...parts.map((part) => `  - ${shown(part.path)}, ${formatBytes(part.size)}, ${code(part.digest)}`),
  ];
}

/** A release that succeeded, with a link to its page. */
function releaseLine(release: ReleaseReport): string {
  const { url } = release;
  const page = url === undefined || !/^https?:\/\/[^\s<>()[\]"']+$/.test(url) ? '' : ` ([page](${url}))`;
  return `- Release: ${escaped(releaseWords(release))}${page}`;
}

function pathIn(folder: string, file: string): string {
  const relative = path.relative(folder, file);
  return relative === '' || relative.startsWith('..') || path.isAbsolute(relative) ? file : relative;
}
