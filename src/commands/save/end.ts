import { refuseForeign, writeFileWhole } from '../../bundle/index.ts';
import { messageOf, OciSaveError, systemCodeOf } from '../../errors.ts';
import type { Lock } from '../../lock/index.ts';
import { formatRunReport, type RunReport } from '../../report/index.ts';
import { lockedRef, lockOf } from '../../resolve/index.ts';
import { diskError } from '../../store/index.ts';
import { formatBytes, formatCount } from '../../text/bytes.ts';
import { makeReport, reportedCache, reportedPlatforms, type ReportParts } from './make-report.ts';
import type { Unchanged } from './need/unchanged.ts';
import { writeLockAlone } from './publish/lock-alone.ts';
import { foreignAtReport } from './output.ts';
import type { Run } from './run.ts';

/** Ends a run that has nothing to do. Its lock is the release's; without one it is empty, since no manifest was read. */
export async function endUnchanged(
  { images, push, release, lock = lockOf([]) }: Unchanged,
  { started, run, list, idle }: Pick<ReportParts, 'started' | 'run' | 'list' | 'idle'>,
): Promise<{ readonly report: RunReport; readonly lock: Lock }> {
  const written = makeReport({
    started,
    run,
    list,
    idle,
    lost: [],
    lock,
    images: [],
    failed: [],
    missing: { blobs: [], imagesOf: () => [], stored: { blobs: 0, bytes: 0 }, restored: new Set() },
    copied: { movers: new Map(), failures: new Map() },
    cache: undefined,
    published: { results: push.length === 0 ? {} : { push: [...push] }, archive: undefined },
    needed: new Set(),
  });
  const alone =
    lock.images.length === 0 || run.options.dryRun ? undefined : await writeLockAlone(lock, run.places);
  const platforms = new Map(
    lock.images.flatMap((image) => image.names.map((name) => [name, image.platforms] as const)),
  );
  const report: RunReport = {
    ...written,
    unchanged: true,
    ...(alone === undefined ? {} : { lock: alone }),
    ...(release === undefined ? {} : { release }),
    images: images.map(({ wanted, digest, mediaType, names }) => ({
      ref: lockedRef(wanted),
      names: [...names],
      origins: wanted.origins.map((origin) => ({ ...origin })),
      digest,
      root: digest,
      mediaType,
      ...reportedPlatforms(wanted, platforms.get(names[0] ?? '') ?? []),
      size: 0,
      status: 'unchanged',
      fetchedBytes: 0,
      copier: 'none',
      notes: [],
    })),
    totals: { ...written.totals, images: images.length },
  };
  await writeReport(report, run);
  return { report, lock };
}

/**
 * Writes `report.json` beside the output, for failed runs too; a dry run leaves no file.
 *
 * @param failure the error of the run so far. It is thrown where the report cannot be written either, and where it is a
 *   fault in our code, since nobody would see it in a report
 */
export async function writeReport(
  report: RunReport,
  { options, places, io }: Run,
  failure?: Error,
): Promise<void> {
  if (options.dryRun) return;
  try {
    refuseForeign(await foreignAtReport(places), 'local');
    await writeFileWhole(places.report, formatRunReport(report));
    io.onReport?.(report);
  } catch (error) {
    const problem = diskError(error, places.report) ?? error;
    if (failure === undefined) throw problem;
    io.emit({ type: 'log', level: 'warning', message: `the report is missing, too: ${messageOf(problem)}` });
    throw failure;
  }
  if (failure !== undefined && !(failure instanceof OciSaveError)) throw failure;
}

/**
 * Waits for what is still being saved to the cache, and completes the report with it. The result stands already: nothing
 * that goes wrong here fails the run, whatever a disk refuses.
 */
export async function finishCache(report: RunReport, run: Run): Promise<RunReport> {
  let complete = report;
  try {
    const cache = await run.cache.finish();
    if (cache === undefined) return report;
    complete = { ...report, cache: reportedCache(cache) };
    await writeReport(complete, run);
  } catch (error) {
    if (!(error instanceof OciSaveError) && systemCodeOf(error) === undefined) throw error;
    const message = `the report does not say what was saved to the cache: ${messageOf(error)}`;
    run.io.emit({ type: 'log', level: 'warning', message });
  }
  return complete;
}

/**
 * Keeps the store below its limit, when the run needs nothing more of it. A blob that cannot be removed does not fail
 * the run: it is logged.
 */
export async function limitStore({ options, session, io: { emit } }: Run): Promise<void> {
  if (options.dryRun) return;
  const limit = options.cacheMaxSize;
  try {
    const pruned = await session.store.prune(limit);
    if (pruned === undefined) return;
    const { removed, kept } = pruned;
    if (removed.blobs > 0) {
      const message = `removed ${formatCount(removed.blobs, 'blob')} from the store, ${formatBytes(removed.bytes)}, used longest ago`;
      emit({ type: 'log', level: 'info', message });
    }
    if (kept.bytes > limit) {
      const message = `the store keeps ${formatBytes(kept.bytes)}, over its limit of ${formatBytes(limit)}: runs at work, this one among them, use it`;
      emit({ type: 'log', level: 'info', message });
    }
  } catch (error) {
    const message = `the store could not be kept below its limit: ${messageOf(error)}`;
    emit({ type: 'log', level: 'warning', message });
  }
}
