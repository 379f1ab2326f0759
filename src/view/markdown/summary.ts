import path from 'node:path';
import { detailWords, exitCodeOf, hintOf, OciSaveError } from '../../errors.ts';
import { hexOf } from '../../oci/digest.ts';
import {
  causeTexts,
  fewOf,
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
import { plainLines, plainText, sentence } from '../../text/plain-text.ts';
import { type Bound, bounded, code, escaped, folded, prose, table, where } from './markdown.ts';
import { failureSection, faultWords, imageSection, listingSection, pushLines } from './sections.ts';

/** GitHub takes 1 MiB of a step and drops a longer summary whole; together the sections stay below. */
const MAX_BYTES = { failures: 300_000, images: 400_000, list: 40_000, push: 80_000 } as const;

export interface JobSummaryOptions {
  /** Where the report was written. */
  readonly reportFile: string;
  /** The workspace; paths in it are shown without it. */
  readonly folder: string;
  /** How options are written. */
  readonly spelling: Spelling;
}

/**
 * What a person reads of a run on its page, as Markdown: what failed, then the result and how to load it, then everything
 * that is in it.
 */
export function renderJobSummary(
  report: RunReport,
  { reportFile, folder, spelling }: JobSummaryOptions,
): string {
  const summary = summarize(report);
  const { verdict, listings, push, notes, cache, quotas } = summary;
  const shown = (file: string): string => code(pathIn(folder, file));
  // A dry run leaves no file.
  const rest = verdict.dryRun ? '' : `, all in ${shown(reportFile)}`;
  const bound = (kind: keyof typeof MAX_BYTES): Bound => ({ maxBytes: MAX_BYTES[kind], rest });
  return joined([
    [`## ${headline(verdict)}`],
    verdict.fault === undefined ? [] : [faultWords(verdict.fault)],
    unfinishedWords(verdict),
    // Of a run without an image nothing is counted.
    verdict.saved === 0 ? [] : [figures(summary)],
    failureSection(summary, bound('failures')),
    releaseFailure(verdict),
    resultSection(summary, shown, { reportFile, parts: bound('list') }),
    loadSection(summary),
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
    titled(
      'Pull quotas',
      quotas.map((line) => `- ${escaped(line)}`),
    ),
    [toolWords(summary)],
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
            cells: (detail) => [where(detail.file, detail.line), prose(detailWords(detail, spelling))],
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
  const { outcome, cause, dryRun, unchanged, same, saved, wanted, targets } = verdict;
  if (cause === 'result') return 'Failed';
  if (unchanged) return `Unchanged: ${wanted} asked for, none copied`;
  if (same) return `Unchanged: ${wanted}, and none had to be fetched`;
  if (cause === 'push') return `${wanted} saved, not all pushed to ${escaped(targets.join(', '))}`;
  if (cause === 'release') return `${wanted} saved, and not released`;
  if (outcome === 'failed') return imagesVerdict({ ...verdict, unpublished: [] });
  const done = outcome === 'warned' ? `${saved} of ${wanted}` : wanted;
  return dryRun ? `Dry run: ${done} resolved, nothing copied` : `${done} saved`;
}

function figures({ verdict, totals, made, push }: Summary): string {
  const { blobs, bytes, fetched, restored, unneeded, stored, time } = totals;
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
  const rest = unneeded === undefined ? '' : `, ${unneeded} not needed`;
  return `${blobs}, ${bytes}: ${moved}, ${cached}${stored} already here${rest}. ${time}.`;
}

/** What a run that failed did not do. */
function unfinishedWords({ unwritten, unpublished }: Verdict): string[] {
  const words = [
    ...(unwritten === undefined ? [] : [`No ${unwritten} was written.`]),
    ...unpublished.map((one) => escaped(sentence(one))),
  ];
  return words.length === 0 ? [] : [words.join(' ')];
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

/** What was made, and where it is. */
function resultSection(
  { verdict, made }: Summary,
  shown: (file: string) => string,
  { reportFile, parts }: { readonly reportFile: string; readonly parts: Bound },
): string[] {
  const { bundle, archive, release, lock } = made;
  const unchanged = bundle?.unchanged === true ? ', unchanged' : '';
  const report = verdict.dryRun ? [] : row('Report', shown(reportFile));
  const rows = [
    ...(archive === undefined ? [] : archiveRows(archive, shown)),
    ...(bundle === undefined ? [] : row('Bundle', shown(bundle.path) + unchanged)),
    ...(lock === undefined ? [] : row('Lock', `${shown(lock.path)}, ${code(lock.digest)}`)),
    ...(release === undefined || release.failure !== undefined ? [] : row('Release', releaseCell(release))),
  ];
  if (rows.length === 0) return report.map((cells) => `${cells.join(': ')}.`);
  return [
    ...table(
      { titles: ['Result', ''], rows: [...rows, ...report], cells: (cells) => cells },
      { maxBytes: Infinity, rest: '' },
    ),
    ...partLines(archive, shown, parts),
  ];
}

type Row = readonly [name: string, value: string];

/** A row of the result, for a list of those that there are. */
function row(name: string, value: string): Row[] {
  return [[name, value]];
}

/** The archive, or what its parts make together. */
function archiveRows(
  { path: file, size, digest, parts = [] }: NonNullable<RunReport['archive']>,
  shown: (file: string) => string,
): Row[] {
  const cut = parts.length === 0 ? '' : `, in ${formatCount(parts.length, 'part')}`;
  return [
    ['Archive', shown(file) + cut],
    ['Size', formatBytes(size)],
    ['sha256', code(hexOf(digest))],
  ];
}

function partLines(archive: RunReport['archive'], shown: (file: string) => string, bound: Bound): string[] {
  const { parts = [] } = archive ?? {};
  if (parts.length === 0) return [];
  const lines = table(
    {
      titles: ['Part', 'Size', 'sha256'],
      figures: [1],
      rows: parts,
      cells: (part) => [shown(part.path), formatBytes(part.size), code(hexOf(part.digest))],
    },
    bound,
  );
  return ['', ...folded(formatCount(parts.length, 'part'), lines)];
}

/** Commands for the site, in the folder with the archive. */
function loadSection({ next: { load } }: Summary): string[] {
  if (load.length === 0) return [];
  return ['At the site, in the folder with the archive:', '', '```sh', ...load.map(plainText), '```'];
}

/** `Made by oci-save 0.1.0, skopeo 1.9.3 from images.txt at 2026-11-02T03:04:05Z.` */
function toolWords({ made: { tool, skopeoVersion, lists, startedAt } }: Summary): string {
  const tools = [
    `${tool.name} ${tool.version}`,
    ...(skopeoVersion === undefined ? [] : [`skopeo ${skopeoVersion}`]),
  ];
  const from = lists.length === 0 ? '' : ` from ${fewOf(lists, ({ file }) => code(file))}`;
  return `Made by ${escaped(tools.join(', '))}${from} at ${escaped(startedAt)}.`;
}

/** A release that succeeded, with a link to its page. */
function releaseCell(release: ReleaseReport): string {
  const { url } = release;
  const page = url === undefined || !/^https?:\/\/[^\s<>()[\]"']+$/.test(url) ? '' : ` ([page](${url}))`;
  return `${escaped(releaseWords(release))}${page}`;
}

function pathIn(folder: string, file: string): string {
  const relative = path.relative(folder, file);
  return relative === '' || relative.startsWith('..') || path.isAbsolute(relative) ? file : relative;
}
