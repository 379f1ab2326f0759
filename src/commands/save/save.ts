import { takeInventory } from '../../copy/index.ts';
import { readLists } from '../../list/index.ts';
import type { Lock } from '../../lock/index.ts';
import type { SaveOptions } from '../../options/index.ts';
import { refuseCollisions } from '../../push/index.ts';
import type { RunReport } from '../../report/index.ts';
import { joinRequests, resolveImages } from '../../resolve/index.ts';
import { listInputs, resolveContext } from './contexts.ts';
import { withoutBorrowedNames } from './need/borrowed-names.ts';
import { copyAndPublish } from './copy-and-publish.ts';
import { limitStore } from './limit-store.ts';
import { makeReport } from './make-report.ts';
import { lockOf, withinReason, withoutContradictions } from './outcome.ts';
import { withoutOversized } from './need/oversized.ts';
import { ownPlatform } from './own-platform.ts';
import { placesOf } from './places.ts';
import { withRelease } from './publish/release.ts';
import { endUnchanged } from './report-unchanged.ts';
import { type SaveIo, withRun } from './run.ts';
import { settleSizes } from './need/settle-sizes.ts';
import { findUnchanged } from './need/unchanged.ts';
import { writeReport } from './write-report.ts';

export interface SaveResult {
  /** Failed images stand in it, and what else went wrong; its `outcome` says whether the run has failed. */
  readonly report: RunReport;
  readonly lock: Lock;
}

/**
 * One save: lists to requests, requests to digests, missing blobs into the store, and the bundle at its path when
 * it is whole. Every image is tried, and what fails stands in the report. Throws OciSaveError where nothing was started,
 * the run was interrupted, or not even the report could be written.
 */
export async function save(options: SaveOptions, io: SaveIo): Promise<SaveResult> {
  const started = new Date();
  const list = await readLists(listInputs(options, io));
  const platforms = options.platforms ?? ownPlatform(io.emit);
  const wanted = joinRequests(list.requests, { platforms, naming: options.naming });

  return withRun({ options, io, places: placesOf(options, io.env), wanted }, async (run) => {
    const unchanged = await findUnchanged(run);
    if (unchanged) return endUnchanged(unchanged, { started, run, list });
    await run.cache.restoreCatalogue();
    const read = await resolveImages(wanted, resolveContext(run));
    // A dry run fetches no blob to see who is right.
    const settled = options.dryRun ? read : await settleSizes(read, run);
    const sound = withinReason(withoutContradictions(withoutBorrowedNames(settled)));
    refuseCollisions(lockOf(sound.resolved), options.push);
    const { resolution, needed } = await withoutOversized(sound, run);
    const planned = lockOf(needed);
    const inventory = await takeInventory(planned, run.session.store);
    const made = await copyAndPublish(resolution, planned, inventory, run);
    const { lock, published } = made;
    const cache = await run.cache.finish();
    const written = makeReport({
      ...made,
      started,
      run,
      list,
      inventory,
      cache,
      needed: new Set(needed.map(({ image }) => image.ref)),
    });
    const report = await withRelease(written, published, lock, run);
    await writeReport(report, run, published.error);
    await limitStore(run);
    return { report, lock };
  });
}
