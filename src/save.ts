import { type CopyResult, takeInventory } from './copy/index.ts';
import { readLists } from './list/index.ts';
import type { Lock } from './lock/index.ts';
import type { SaveOptions } from './options.ts';
import { refuseCollisions } from './publish/push/index.ts';
import type { RunReport } from './report/index.ts';
import { joinRequests, resolveImages } from './resolve/index.ts';
import { listInputs, resolveContext } from './save/contexts.ts';
import { copyMissing } from './save/copy-missing.ts';
import { makeReport } from './save/make-report.ts';
import { lockOf, outcomeOf, withoutContradictions } from './save/outcome.ts';
import { ownPlatform } from './save/own-platform.ts';
import { withPlatformNotes } from './save/platform-notes.ts';
import { placesOf } from './save/places.ts';
import { publish, publishDry } from './save/publish.ts';
import { type SaveIo, withRun } from './save/run.ts';
import { writeReport } from './save/write-report.ts';

export interface SaveResult {
  /** Failed images stand in it; its `outcome` says whether they fail the run. */
  readonly report: RunReport;
  readonly lock: Lock;
}

/** What a dry run copies. */
const NOTHING: CopyResult = { movers: new Map(), failures: new Map() };

/**
 * One save: lists to requests, requests to digests, missing blobs into the store, and the bundle at its path when
 * it is whole. Every image is tried. Throws OciSaveError where nothing was started or the run was interrupted.
 */
export async function save(options: SaveOptions, io: SaveIo): Promise<SaveResult> {
  const started = new Date();
  const list = await readLists(listInputs(options, io));
  const platforms = options.platforms ?? ownPlatform(io.emit);
  const wanted = joinRequests(list.requests, { platforms, naming: options.naming });

  return withRun({ options, io, places: placesOf(options), wanted }, async (run) => {
    const resolution = withoutContradictions(await resolveImages(wanted, resolveContext(run)));
    const planned = lockOf(resolution.resolved);
    refuseCollisions(planned, options.push);
    const inventory = await takeInventory(planned, run.session.store);
    const copied = options.dryRun ? NOTHING : await copyMissing(planned, resolution.resolved, inventory, run);
    const { whole, failed } = outcomeOf(resolution, copied);
    const images = await withPlatformNotes(whole, run.session.store);
    const lock = lockOf(whole);
    const publishable =
      !options.dryRun && whole.length > 0 && (failed.length === 0 || options.onError === 'warn');
    const results = publishable
      ? await publish(lock, run)
      : options.dryRun
        ? await publishDry(lock, run)
        : {};
    const report = makeReport({ started, run, list, lock, images, failed, inventory, copied, results });
    await writeReport(report, run);
    return { report, lock };
  });
}
