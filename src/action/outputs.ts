import path from 'node:path';
import { type ArchiveName, namesBesideParts, partsListName, sumsName } from '../archive/index.ts';
import { lockBeside } from '../bundle/index.ts';
import { type Results, StoppedSaveError } from '../commands/index.ts';
import { exitCodeOf, OciSaveError } from '../errors.ts';
import { digestOfLock, type Lock } from '../lock/index.ts';
import { hexOf } from '../oci/digest.ts';
import { judge, type RunReport } from '../report/index.ts';
import { printableJson } from '../text/plain-text.ts';
import { failedList, faultsOf, faultsOfError, MAX_LIST_BYTES } from './faults.ts';

/** What later steps can read, with the descriptions for action.yml. */
export const OUTPUTS = {
  outcome:
    'how it ended: saved (in a dry run: could be saved; with on-error: warn, without what `failed` lists), unchanged (all was where it belongs already), failed, refused (it did not start: wrong input, wrong list, or the machine lacks something), cancelled',
  path: "the bundle's folder",
  archive:
    'the archive, or its parts, one per line; empty where that is more than 64 KB: the list of parts has them',
  sha256: 'of the archive, in hexadecimal digits; of all parts together where it is split',
  files:
    'all that travels, one path per line: the archive or its parts with sums, list of parts, join script and lock, else the bundle; and the report; empty where that is more than 64 KB',
  digest:
    "the lock's sha256: the same images have the same one; empty if response headers alone showed that push targets have them",
  count: 'images in the bundle',
  size: 'bytes of all their blobs, each once; 0 if no manifest was read',
  'fetched-bytes': 'bytes that this run fetched',
  'cached-bytes': 'bytes that were in the store before, or came from the Actions cache',
  'cache-hit':
    'true when no blob was fetched: the store or the Actions cache had all, or nothing had changed',
  lock: 'the lock: every image, digest, platform and size; with output none it is beside the report',
  report: 'report.json: what this run did, and where each image came from; empty where none was written',
  images:
    'JSON list of {ref, digest, platforms}; empty where that is more than 64 KB: the lock and the report have every image',
  failed:
    'what failed, as a JSON list of {ref, class, message}, at most 64 KB; ref is empty for what is no image. Where that is too little, an entry without a message has that of the one before, and the report has all',
  'release-url': 'the page of the release',
  'release-id': 'its number in the API',
  assets:
    'files of the release, as a JSON list of {name, size, digest, status, id, url}; empty where that is more than 64 KB',
  'skopeo-version': 'of the skopeo that was used; empty if it was not needed',
} as const;

export type Outputs = Record<keyof typeof OUTPUTS, string>;

/** Those of a run that made nothing. Lists are JSON in any case: a later step that reads them would fail without. */
const NOTHING: Outputs = {
  outcome: '',
  path: '',
  archive: '',
  sha256: '',
  files: '',
  digest: '',
  count: '',
  size: '',
  'fetched-bytes': '',
  'cached-bytes': '',
  'cache-hit': 'false',
  lock: '',
  report: '',
  images: '[]',
  failed: '[]',
  'release-url': '',
  'release-id': '',
  assets: '[]',
  'skopeo-version': '',
};

/**
 * The outputs of a run that has a report. Outputs without a value are empty.
 *
 * @param lock undefined where the run ended with an error after its report
 * @param reportFile where the report was written, unless the run was a dry run
 */
export function outputsOf(report: RunReport, lock: Lock | undefined, reportFile: string): Outputs {
  const { totals, cache, release, dryRun = false } = report;
  const cached = totals.storedBytes + (cache?.restored.bytes ?? 0);
  const missing = dryRun && cached < totals.bytes;
  const written = dryRun ? '' : reportFile;
  return {
    ...NOTHING,
    ...placesIn(report, written),
    outcome: outcomeOf(report),
    sha256: sha256Of(report.archive ?? release?.archive),
    digest: lockDigestOf(report, lock),
    count: String(totals.images),
    size: String(totals.bytes),
    'fetched-bytes': String(totals.fetchedBytes),
    'cached-bytes': String(cached),
    'cache-hit': String(totals.images > 0 && totals.fetchedBytes === 0 && !missing),
    report: written,
    images: wholeList(report.images.map(({ ref, digest, platforms }) => ({ ref, digest, platforms }))),
    failed: failedList(faultsOf(report)),
    'release-url': release?.url ?? '',
    'release-id': release?.id === undefined ? '' : String(release.id),
    assets: wholeList(release?.assets ?? []),
    'skopeo-version': report.skopeoVersion ?? '',
  };
}

/**
 * The outputs of a run that ended with an error.
 *
 * @param seen the report, where one was written before
 */
export function outputsOfError(
  error: unknown,
  seen?: { readonly report: RunReport; readonly file: string },
): Outputs {
  const outcome = outcomeOfError(error);
  const faults = outcome === 'cancelled' ? [] : faultsOfError(error);
  if (seen !== undefined) {
    const known = seen.report.error === undefined ? faults : [];
    const failed = failedList([...faultsOf(seen.report), ...known]);
    return { ...outputsOf(seen.report, undefined, seen.file), outcome, failed };
  }
  const results = error instanceof StoppedSaveError ? error.results : {};
  return {
    ...NOTHING,
    ...placesIn(results, ''),
    outcome,
    sha256: sha256Of(results.archive),
    digest: results.lock?.digest ?? '',
    failed: failedList(faults),
  };
}

type Outcome = 'saved' | 'unchanged' | 'failed' | 'refused' | 'cancelled';

function outcomeOf(report: RunReport): Outcome {
  const { outcome, unchanged, same } = judge(report);
  if (outcome === 'failed') return 'failed';
  return unchanged || same ? 'unchanged' : 'saved';
}

function outcomeOfError(error: unknown): Outcome {
  if (error instanceof OciSaveError && error.code === 'interrupted') return 'cancelled';
  return exitCodeOf(error) === 2 ? 'refused' : 'failed';
}

/** A run that read no manifest has no lock; a push target that failed does not change what was saved. */
function lockDigestOf(report: RunReport, lock: Lock | undefined): string {
  const { unchanged = false, outcome, failed } = report;
  if (outcome === 'failed' && failed.length > 0) return '';
  if (lock === undefined) return report.lock?.digest ?? '';
  return unchanged && lock.images.length === 0 ? '' : digestOfLock(lock);
}

const sha256Of = (archive: Results['archive'] | ReleasedArchive): string =>
  archive === undefined ? '' : hexOf(archive.digest);

type ReleasedArchive = NonNullable<RunReport['release']>['archive'];

/** Where the results of a run are. */
function placesIn(results: Results, report: string): Pick<Outputs, 'path' | 'archive' | 'files' | 'lock'> {
  const { bundle, archive, lock } = results;
  const pieces = archive === undefined ? [] : (archive.parts?.map((part) => part.path) ?? [archive.path]);
  const beside = archive === undefined ? filesBeside(results) : filesOfArchive(archive);
  return {
    path: bundle?.path ?? '',
    archive: wholeLines(pieces),
    files: wholeLines([...pieces, ...beside, ...(report === '' ? [] : [report])]),
    lock: lock?.path ?? '',
  };
}

/** That outputs are empty since an archive has too many parts, with what names these; undefined where none is. */
export function omittedPaths({ archive }: Results, outputs: Outputs): string | undefined {
  const names = (['archive', 'files'] as const).filter((name) => outputs[name] === '');
  if (archive?.parts === undefined || names.length === 0) return undefined;
  const list = path.join(path.dirname(archive.path), partsListName(nameOf(archive)));
  return `${names.join(' and ')} cannot be set as ${names.length === 1 ? 'an output' : 'outputs'}: the paths of ${archive.parts.length} parts are more than 64 KB; ${list} names the parts, and a larger split-size makes fewer`;
}

function nameOf({ path: file }: NonNullable<Results['archive']>): ArchiveName {
  const suffix = path.extname(file);
  return { base: path.basename(file, suffix), suffix: suffix.slice(1) };
}

/** The small files beside an archive. */
function filesOfArchive(archive: NonNullable<Results['archive']>): string[] {
  const { path: file, parts } = archive;
  const name = nameOf(archive);
  const names = [...(parts === undefined ? [] : namesBesideParts(name)), sumsName(name)];
  const folder = path.dirname(file);
  return [...names.map((one) => path.join(folder, one)), lockBeside(path.join(folder, name.base))];
}

/** The folder, and a lock that is not in it. */
function filesBeside({ bundle, lock }: Results): string[] {
  const folder = bundle === undefined ? [] : [bundle.path];
  const isInside = bundle !== undefined && lock !== undefined && path.dirname(lock.path) === bundle.path;
  return lock === undefined || isInside ? folder : [...folder, lock.path];
}

/** A list as JSON; empty where it would be too long, since a part of it would be taken for the whole. */
function wholeList(list: readonly unknown[]): string {
  const text = printableJson(list, 0);
  return Buffer.byteLength(text) <= MAX_LIST_BYTES ? text : '';
}

/** The same for lines. */
function wholeLines(lines: readonly string[]): string {
  const text = lines.join('\n');
  return Buffer.byteLength(text) <= MAX_LIST_BYTES ? text : '';
}
