import path from 'node:path';
import { exitCodeOf, OciSaveError } from '../errors.ts';
import { hexOf } from '../oci/digest.ts';
import {
  causeTexts,
  formatBytes,
  formatCount,
  formatSeconds,
  noteLines,
  plainLines,
  platformWords,
  pushNotes,
  pushTally,
  pushTraffic,
  type ReportedImage,
  type ReportedOrigin,
  type RunReport,
  statusWords,
} from '../report/index.ts';
import { bounded, code, escaped, folded, table } from './markdown.ts';

/** GitHub takes 1 MiB of a step and drops a longer summary whole; together the sections stay below. */
const MAX_BYTES = { failures: 300_000, images: 400_000, notes: 50_000, list: 50_000, push: 80_000 } as const;
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
    [figures(report)],
    failureSection(report),
    imageSection(report),
    ...pushSections(report),
    noteSection(report),
    warningSection(report),
    candidateSection(report),
    rejectSection(report),
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

function headline({ outcome, dryRun = false, images, failed, push = [] }: RunReport): string {
  const all = formatCount(images.length + failed.length, 'image');
  const targets = push.filter((target) => target.outcome !== 'done').map(({ target }) => target);
  if (failed.length === 0 && targets.length > 0)
    return `${all} saved, not all pushed to ${targets.join(', ')}`;
  if (outcome === 'failed') return `${failed.length} of ${all} could not be ${dryRun ? 'resolved' : 'saved'}`;
  const done = outcome === 'warned' ? `${images.length} of ${all}` : all;
  return dryRun ? `Dry run: ${done} resolved, nothing copied` : `${done} saved`;
}

function figures({ totals, dryRun = false, seconds }: RunReport): string {
  const moved = dryRun
    ? `${formatBytes(totals.bytes - totals.storedBytes)} to fetch`
    : `${formatBytes(totals.fetchedBytes)} fetched`;
  const size = `${formatCount(totals.blobs, 'blob')}, ${formatBytes(totals.bytes)}`;
  return `${size}: ${moved}, ${formatBytes(totals.storedBytes)} already here. ${formatSeconds(seconds)}.`;
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

/** What each push target got: figures, names that differ, failures. */
function pushSections({ push = [] }: RunReport): string[][] {
  const room = Math.floor(MAX_BYTES.push / Math.max(1, push.length) / 2);
  return push.flatMap((target) => {
    const notes = pushNotes(target).map((line) => `- ${escaped(line)}`);
    const rows = target.failed.map(({ ref, class: failureClass, message, hint = '' }) => [
      code(ref),
      `**${failureClass}**: ${escaped(message)}`,
      escaped(hint),
    ]);
    return [
      [`### Push to ${escaped(target.target)}: ${pushTally(target)}`, '', `${pushTraffic(target)}.`],
      rows.length === 0 ? [] : table({ titles: ['Image', 'Why', 'Remedy'], rows }, room),
      bounded(notes, room),
    ];
  });
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

function resultSection(report: RunReport, shown: (file: string) => string, reportFile: string): string[] {
  const { bundle, archive, lock, tool, skopeoVersion, dryRun = false } = report;
  const tools = [
    `${tool.name} ${tool.version}`,
    ...(skopeoVersion === undefined ? [] : [`skopeo ${skopeoVersion}`]),
  ];
  return [
    '### Result',
    '',
    ...(bundle === undefined ? [] : [`- Bundle: ${shown(bundle.path)}`]),
    ...(archive === undefined
      ? []
      : [`- Archive: ${shown(archive.path)}, ${formatBytes(archive.size)}, ${code(archive.digest)}`]),
    ...(lock === undefined ? [] : [`- Lock: ${shown(lock.path)}, ${code(lock.digest)}`]),
    ...(dryRun ? [] : [`- Report: ${shown(reportFile)}`]),
    `- Made by ${escaped(tools.join(', '))}`,
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
