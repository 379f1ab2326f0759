import { bundleTar, type MeasuredArchive, measureArchive, piecesOf } from '../../../archive/index.ts';
import { exitCodeOf, OciSaveError } from '../../../errors.ts';
import type { Content } from '../../../image/index.ts';
import type { Digest } from '../../../oci/digest.ts';
import {
  type ReleaseFile,
  releaseFiles,
  type ReleaseTarget,
  type SentRelease,
  sendRelease,
  writerOf,
} from '../../../github-release/index.ts';
import { faultOf, formatRunReport, type ReleaseReport, type RunReport } from '../../../report/index.ts';
import { renderBundlePage } from '../../../view/index.ts';
import { askedDigest } from '../need/asked.ts';
import type { Published } from './publish.ts';
import { treeOf } from './folder.ts';
import type { ReleaseAccess } from './release-access.ts';
import type { Run } from '../run.ts';

/** The report of a run, with the result of its release. If the release fails, so does the run; what it has written stays. */
export async function withRelease(
  report: RunReport,
  { archive }: Published,
  content: Content,
  run: Run,
): Promise<RunReport> {
  const { release: access, options, places, io } = run;
  const { lock } = content;
  const nothingToSend = options.dryRun ? lock.images.length === 0 : archive === undefined;
  if (access === undefined || nothingToSend) return report;
  const release = await tryRelease(access, io.signal, archive?.measured, async () =>
    sendRelease({
      service: access.service,
      tag: access.target.tag,
      policy: options.releasePolicy,
      archive: places.archivePlace.name,
      writer: writerOf(io.env, places.archivePlace.name, askedDigest(run.wanted, options, places)),
      files:
        archive === undefined
          ? await plannedFiles(report, content, run)
          : releaseFiles({
              archive: archive.measured,
              source: archive.source,
              lock,
              page: renderBundlePage(lock),
              report: formatRunReport(report),
            }),
      complete: report.failed.length === 0,
      dryRun: options.dryRun,
      retry: access.retry,
      emit: io.emit,
      signal: io.signal,
    }),
  );
  const finished = new Date();
  return {
    ...report,
    finishedAt: finished.toISOString(),
    seconds: (finished.getTime() - Date.parse(report.startedAt)) / 1000,
    ...(release.failure === undefined ? {} : { outcome: 'failed' }),
    release,
  };
}

/**
 * Releases, and reports the result, a failure too; an interruption is thrown. A machine that lacks something only now, as
 * files that it may have open, fails the release: what was written before stands.
 *
 * @param archive what is sent; undefined in a dry run, which need not know its digest
 */
export async function tryRelease(
  { target }: Pick<ReleaseAccess, 'target'>,
  signal: AbortSignal | undefined,
  archive: MeasuredArchive | undefined,
  send: () => Promise<SentRelease>,
): Promise<ReleaseReport> {
  try {
    return releaseReport(target, await send(), archive);
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof OciSaveError)) throw error;
    if (exitCodeOf(error) !== 1 && error.code !== 'machine') throw error;
    return { ...placeOf(target), assets: [], removed: [], failure: faultOf(error) };
  }
}

/** A release that was looked at or sent to, as data. */
export function releaseReport(
  target: ReleaseTarget,
  { id, url, draft, published, files, removed }: Omit<SentRelease, 'tag'>,
  archive?: MeasuredArchive,
): ReleaseReport {
  const has = new Set(files.filter(({ status }) => status !== 'kept').map(({ name }) => name));
  return {
    ...placeOf(target),
    ...(url === undefined ? {} : { url }),
    ...(id === undefined ? {} : { id }),
    draft,
    ...(published ? { published } : {}),
    ...(archive?.pieces.every(({ name }) => has.has(name)) === true
      ? { archive: { size: archive.size, digest: archive.digest } }
      : {}),
    assets: [...files],
    removed: [...removed],
  };
}

function placeOf({ owner, repo, tag }: ReleaseTarget): Pick<ReleaseReport, 'repository' | 'tag'> {
  return { repository: `${owner}/${repo}`, tag };
}

/** What a dry run would send: with digests where the store has all blobs, else with sizes alone. */
async function plannedFiles(report: RunReport, content: Content, run: Run): Promise<ReleaseFile[]> {
  const { lock } = content;
  const { places, io } = run;
  const source = bundleTar(treeOf(content, run), content.port);
  const parts = { source, lock, page: renderBundlePage(lock), report: formatRunReport(report) };
  const { name } = places.archivePlace;
  const { storedBytes, bytes } = report.totals;
  if (storedBytes >= bytes) {
    const options = { partSize: places.partSize, signal: io.signal };
    return releaseFiles({ ...parts, archive: await measureArchive(source, name, options) });
  }
  const digest: Digest = `sha256:${'0'.repeat(64)}`;
  const pieces = piecesOf(source.size, name, places.partSize).map((piece) => ({ ...piece, digest }));
  const archive: MeasuredArchive = { name, size: source.size, digest, pieces };
  const known = new Set([`${name.base}.lock.json`, `${name.base}.report.html`]);
  return releaseFiles({ ...parts, archive }).map((file) =>
    known.has(file.name) ? file : { ...file, digest: undefined },
  );
}
