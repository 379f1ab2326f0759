import { digestOfLock, type Lock } from '../lock/index.ts';
import { printableJson } from '../text/plain-text.ts';
import type { RunReport } from '../report/index.ts';

/** What later steps can read, with the descriptions for action.yml. */
export const OUTPUTS = {
  path: "the bundle's folder",
  archive: 'the archive, or its parts, one per line',
  digest:
    "the lock's sha256: the same images have the same one; empty if response headers alone showed that push targets have them",
  count: 'images in the bundle',
  size: 'bytes of all their blobs, each once; 0 if no manifest was read',
  'fetched-bytes': 'bytes that this run fetched',
  'cached-bytes': 'bytes that were in the store before, or came from the Actions cache',
  'cache-hit': 'true when no blob had to be fetched from a registry',
  lock: 'the lock: every image, digest, platform and size',
  report: 'report.json: what this run did, and where each image came from',
  'release-url': 'the page of the release',
  failed: 'images that could not be saved or pushed, as a JSON list of {ref, class, message}',
  'skopeo-version': 'of the skopeo that was used; empty if it was not needed',
} as const;

export type Outputs = Record<keyof typeof OUTPUTS, string>;

/** All outputs of a job may have 1 MB together; `report.json` contains everything. */
const MAX_FAILED_CHARACTERS = 200_000;
const MAX_MESSAGE_CHARACTERS = 300;

/**
 * The outputs of a run that did not end with an error. Outputs without a value are empty.
 *
 * @param reportFile where the report was written, unless the run was a dry run
 */
export function outputsOf(report: RunReport, lock: Lock, reportFile: string): Outputs {
  const { totals, cache, bundle, archive, release, failed, outcome } = report;
  const { dryRun = false, unchanged = false } = report;
  const cached = totals.storedBytes + (cache?.restored.bytes ?? 0);
  const missing = dryRun && cached < totals.bytes;
  return {
    path: bundle?.path ?? '',
    archive: archive?.parts?.map(({ path }) => path).join('\n') ?? archive?.path ?? '',
    // A run that read no manifest has no lock; a push target that failed does not change what was saved.
    digest:
      (unchanged && lock.images.length === 0) || (outcome === 'failed' && failed.length > 0)
        ? ''
        : digestOfLock(lock),
    count: String(totals.images),
    size: String(totals.bytes),
    'fetched-bytes': String(totals.fetchedBytes),
    'cached-bytes': String(cached),
    'cache-hit': String(totals.images > 0 && totals.fetchedBytes === 0 && !missing),
    lock: report.lock?.path ?? '',
    report: dryRun ? '' : reportFile,
    'release-url': release?.url ?? '',
    failed: failedList([...failed, ...(report.push ?? []).flatMap((target) => target.failed)]),
    'skopeo-version': report.skopeoVersion ?? '',
  };
}

function failedList(failed: RunReport['failed']): string {
  const shown = failed.map(({ ref, class: failureClass, message }) => ({
    ref,
    class: failureClass,
    message: message.slice(0, MAX_MESSAGE_CHARACTERS),
  }));
  const text = printableJson(shown, 0);
  return text.length <= MAX_FAILED_CHARACTERS
    ? text
    : printableJson(
        shown.map(({ ref, class: failureClass }) => ({ ref, class: failureClass })),
        0,
      );
}
