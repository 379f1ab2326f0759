import path from 'node:path';
import { exitCodeOf, OciSaveError } from '../errors.ts';
import { hexOf } from '../oci/digest.ts';
import {
  cacheLines,
  causeTexts,
  formatBytes,
  formatCount,
  formatSeconds,
  noteLines,
  plainLines,
  platformWords,
  type ReportedImage,
  type ReportedOrigin,
  releaseWords,
  type RunReport,
  statusWords,
} from '../report/index.ts';
import { bounded, code, escaped, folded, table } from './markdown.ts';

/** GitHub takes 1 MiB of a step and drops a longer summary whole; together the sections stay below. */
const MAX_BYTES = { failures: 300_000, images: 400_000, notes: 50_000, list: 50_000 } as const;
/** A longer table of images is folded. */
const MAX_OPEN_IMAGES = 50;
const MAX_ORIGINS = 3;
const MAX_NAMES = 5;
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
  return joined([
    [`## ${headline(report)}`],
    errorSection(report),
    [figures(report)],
    failureSection(report),
    releaseFailure(report),
    imageSection(report),
    noteSection(report),
    warningSection(report),
    candidateSection(report),
    rejectSection(report),
    cacheSection(report),
    resultSection(report, shown, reportFile),
  ]);
}

/** The same of an error that ended the run. */
export function renderErrorSummary(error: unknown): string {
  const [message = 'failed without a word', ...causes] = causeTexts(error);
  const { details, hint } = error instanceof OciSaveError ? error : { details: [], hint: undefined };
  const rows = details.map(({ file, line, message: words }) => [where(file, line), escaped(words)]);
  return joined([
    [`## ${headlineOf(error)}`],
    rows.length > 1
      ? table({ titles: ['Where', 'Why'], rows }, MAX_BYTES.failures)
      : [...plainLines(message), ...causes].map((words) => `- ${escaped(words)}`),
    hint === undefined ? [] : [`Remedy: ${escaped(hint)}`],
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

function headline({ outcome, dryRun = false, images, failed, error }: RunReport): string {
  if (error !== undefined) return 'Failed';
  const all = formatCount(images.length + failed.length, 'image');
  if (outcome === 'failed' && failed.length === 0) return `${all} saved, and not released`;
  if (outcome === 'failed') return `${failed.length} of ${all} could not be ${dryRun ? 'resolved' : 'saved'}`;
  const done = outcome === 'warned' ? `${images.length} of ${all}` : all;
  return dryRun ? `Dry run: ${done} resolved, nothing copied` : `${done} saved`;
}

function errorSection({ error }: RunReport): string[] {
  if (error === undefined) return [];
  const { class: failureClass, message, hint } = error;
  return [
    `- **${failureClass}**: ${escaped(message)}`,
    ...(hint === undefined ? [] : ['', `Remedy: ${escaped(hint)}`]),
  ];
}

function figures({ totals, cache, dryRun = false, seconds }: RunReport): string {
  const cached = cache?.restored.bytes ?? 0;
  const moved = dryRun
    ? `${formatBytes(totals.bytes - totals.storedBytes)} to fetch`
    : `${formatBytes(totals.fetchedBytes)} fetched`;
  const size = `${formatCount(totals.blobs, 'blob')}, ${formatBytes(totals.bytes)}`;
  const restored = cached > 0 ? `${formatBytes(cached)} from the cache, ` : '';
  return `${size}: ${moved}, ${restored}${formatBytes(totals.storedBytes)} already here. ${formatSeconds(seconds)}.`;
}

function failureSection({ failed }: RunReport): string[] {
  if (failed.length === 0) return [];
  const rows = failed.map(({ ref, origins, class: failureClass, message, hint = '' }) => [
    code(ref),
    origins.length === 0 ? '' : originsOf(origins),
    `**${failureClass}**: ${escaped(message)}`,
    escaped(hint),
  ]);
  const titles = ['Image', 'Where', 'Why', 'Remedy'];
  return [`### Failed: ${failed.length}`, '', ...table({ titles, rows }, MAX_BYTES.failures)];
}

function imageSection({ images, dryRun = false }: RunReport): string[] {
  if (images.length === 0) return [];
  const lines = table(
    {
      titles: ['Image', 'Digest', 'Platforms', 'Size', 'Fetched', 'Status'],
      figures: [3, 4],
      rows: images.map((image) => imageRow(image, dryRun)),
    },
    MAX_BYTES.images,
  );
  const title = `Images: ${images.length}`;
  return images.length > MAX_OPEN_IMAGES ? folded(`<b>${title}</b>`, lines) : [`### ${title}`, '', ...lines];
}

function imageRow(image: ReportedImage, dryRun: boolean): string[] {
  const { ref, names, digest, platforms, size, fetchedBytes } = image;
  const others = names.filter((name) => name !== ref);
  const more = others.length - MAX_NAMES;
  return [
    [
      code(ref),
      ...others.slice(0, MAX_NAMES).map((name) => `as ${code(name)}`),
      ...(more > 0 ? [`and ${more} more names`] : []),
    ].join('<br>'),
    code(hexOf(digest).slice(0, 12)),
    escaped(platformWords(platforms)),
    formatBytes(size),
    dryRun || fetchedBytes === 0 ? '' : formatBytes(fetchedBytes),
    statusWords(image, dryRun),
  ];
}

function noteSection(report: RunReport): string[] {
  const lines = noteLines(report, MAX_NOTES).map((line) => `- ${escaped(line)}`);
  return lines.length === 0 ? [] : ['### Notes', '', ...bounded(lines, MAX_BYTES.notes)];
}

function warningSection({ warnings }: RunReport): string[] {
  const rows = warnings.map(({ message, origin }) => [where(origin?.file, origin?.line), escaped(message)]);
  return listSection(`Warnings: ${rows.length}`, ['Where', 'Warning'], rows);
}

function candidateSection({ candidates }: RunReport): string[] {
  const rows = candidates.map(({ text, origin, why }) => [
    where(origin.file, origin.line),
    code(text),
    escaped(why),
  ]);
  const title = `Not saved: ${formatCount(rows.length, 'candidate')}, probably images`;
  const lines = listSection(title, ['Where', 'Entry', 'Why'], rows);
  return lines.length === 0 ? [] : [...lines, '', '`on-candidate: accept` takes such entries.'];
}

function rejectSection({ rejects }: RunReport): string[] {
  const rows = rejects.map(({ text, origin, reason, hint }) => [
    where(origin.file, origin.line),
    code(text),
    escaped(hint === undefined ? reason : `${reason}. ${hint}`),
  ]);
  return listSection(
    `Rejected: ${formatCount(rows.length, 'line')} of the lists, not understood`,
    ['Where', 'Entry', 'Why'],
    rows,
  );
}

function listSection(title: string, titles: readonly string[], rows: readonly string[][]): string[] {
  return rows.length === 0 ? [] : [`### ${title}`, '', ...table({ titles, rows }, MAX_BYTES.list)];
}

function cacheSection(report: RunReport): string[] {
  const lines = cacheLines(report).map((line) => `- ${escaped(line)}`);
  return lines.length === 0 ? [] : ['### Cache', '', ...lines];
}

function resultSection(report: RunReport, shown: (file: string) => string, reportFile: string): string[] {
  const { bundle, archive, lock, release, tool, skopeoVersion, dryRun = false } = report;
  const tools = [
    `${tool.name} ${tool.version}`,
    ...(skopeoVersion === undefined ? [] : [`skopeo ${skopeoVersion}`]),
  ];
  return [
    '### Result',
    '',
    ...(bundle === undefined ? [] : [`- Bundle: ${shown(bundle.path)}`]),
    ...archiveLines(archive, shown),
    ...(lock === undefined ? [] : [`- Lock: ${shown(lock.path)}, ${code(lock.digest)}`]),
    ...releaseLines(release),
    ...(dryRun ? [] : [`- Report: ${shown(reportFile)}`]),
    `- Made by ${escaped(tools.join(', '))}`,
  ];
}

function archiveLines(archive: RunReport['archive'], shown: (file: string) => string): string[] {
  if (archive === undefined) return [];
  const { path: file, size, digest, parts = [] } = archive;
  const cut = parts.length === 0 ? '' : ` in ${formatCount(parts.length, 'part')}`;
  return [
    `- Archive: ${shown(file)}${cut}, ${formatBytes(size)}, ${code(digest)}`,
    ...parts.map((part) => `  - ${shown(part.path)}, ${formatBytes(part.size)}, ${code(part.digest)}`),
  ];
}

function releaseLines(release: RunReport['release']): string[] {
  if (release === undefined || release.failure !== undefined) return [];
  const words = escaped(releaseWords(release));
  const { url } = release;
  const page = url === undefined || !/^https?:\/\/[^\s<>()[\]"']+$/.test(url) ? '' : ` ([page](${url}))`;
  return [`- Release: ${words}${page}`];
}

/** A release that failed, as images that failed. */
function releaseFailure({ release }: RunReport): string[] {
  if (release?.failure === undefined) return [];
  const { class: failureClass, message, hint } = release.failure;
  return [
    `### Release ${escaped(release.tag)} failed`,
    '',
    `- **${failureClass}**: ${escaped(message)}`,
    `- Remedy: ${escaped(hint)}`,
  ];
}

function originsOf(origins: readonly ReportedOrigin[]): string {
  const shown = origins.slice(0, MAX_ORIGINS).map(({ file, line }) => where(file, line));
  const more = origins.length - shown.length;
  return shown.join('<br>') + (more > 0 ? `<br>and ${more} more` : '');
}

function where(file: string | undefined, line: number | undefined): string {
  if (file === undefined) return '';
  return code(line === undefined ? file : `${file}:${line}`);
}

function pathIn(folder: string, file: string): string {
  const relative = path.relative(folder, file);
  return relative === '' || relative.startsWith('..') || path.isAbsolute(relative) ? file : relative;
}
