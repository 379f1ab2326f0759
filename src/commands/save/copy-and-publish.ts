import type { CopyResult, Inventory } from '../../copy/index.ts';
import type { Lock } from '../../lock/index.ts';
import type { Digest } from '../../oci/digest.ts';
import type { FailedImage, Resolution, ResolvedImage } from '../../resolve/index.ts';
import { damagedBlobOf, verifyStored } from '../../store/index.ts';
import { copyMissing } from './copy/copy-missing.ts';
import { type Copying, createCopying } from './copy/copying.ts';
import { judgeConfigs } from './copy/judge-configs.ts';
import { blobsOf } from './lock-blobs.ts';
import { lockOf, outcomeOf } from './outcome.ts';
import { NOTHING_PUBLISHED, publish, type Published, publishDry } from './publish/publish.ts';
import type { Run } from './run.ts';

/** What a run has of the images, and what it made of them. */
export interface Made {
  readonly copied: CopyResult;
  readonly images: readonly ResolvedImage[];
  readonly failed: readonly FailedImage[];
  readonly lock: Lock;
  readonly published: Published;
}

/**
 * Copies what is missing and publishes what is whole. A blob of the store that turns out to be damaged on its way out is
 * dropped, fetched again, and the publishing repeated; an image whose blob cannot be had any more has failed.
 * @param planned the lock of what is needed
 */
export async function copyAndPublish(
  resolution: Resolution,
  planned: Lock,
  inventory: Inventory,
  run: Run,
): Promise<Made> {
  const copying = createCopying(planned, resolution, run);
  if (!run.options.dryRun) await copyMissing(copying, planned, resolution, inventory, run);
  const met = new Set<Digest>();
  for (;;) {
    const made = await publishWhole(resolution, copying, run);
    const damaged = damagedBlobOf(made.published.error);
    if (damaged === undefined || met.has(damaged) || run.options.dryRun) return made;
    met.add(damaged);
    // Where one is damaged others may be, and each would cost a whole pass.
    await verifyStored(blobsOf(planned), run.session.store, run.io.signal);
    await copying.again();
  }
}

async function publishWhole(resolution: Resolution, copying: Copying, run: Run): Promise<Made> {
  const { options, session } = run;
  const copied = copying.result;
  const { whole, failed } = await judgeConfigs(outcomeOf(resolution, copied), session.store);
  const lock = lockOf(whole);
  const parts = { copied, images: whole, failed, lock };
  if (options.dryRun) return { ...parts, published: await publishDry(lock, run) };
  const publishable = whole.length > 0 && (failed.length === 0 || options.onError === 'warn');
  return { ...parts, published: publishable ? await publish(lock, copying, run) : NOTHING_PUBLISHED };
}
