import { blobsOfImages, type CopyResult, type MissingBlobs } from '../../copy/index.ts';
import type { Content } from '../../image/index.ts';
import type { Digest } from '../../oci/digest.ts';
import type { FailedImage, Resolution, ResolvedImage } from '../../resolve/index.ts';
import { damagedBlobOf, verifyStored } from '../../store/index.ts';
import { copyMissing } from './copy/copy-missing.ts';
import { type Copying, createCopying } from './copy/copying.ts';
import { judgeConfigs, outcomeOf } from './copy/whole.ts';
import { contentOf } from './publish/folder.ts';
import { NOTHING_PUBLISHED, publish, type Published, publishDry } from './publish/publish.ts';
import type { Run } from './run.ts';

/** What a run has of the images, and what it published of them. */
export interface Saved {
  readonly copied: CopyResult;
  readonly images: readonly ResolvedImage[];
  readonly failed: readonly FailedImage[];
  /** Of `images`. */
  readonly content: Content;
  readonly published: Published;
}

/**
 * Copies what is missing and publishes what is whole. A blob of the store that is found damaged while it is published is
 * dropped and fetched again, and the publishing repeated; an image whose blob cannot be fetched any more fails.
 * @param needed the images whose blobs are needed
 */
export async function copyAndPublish(
  resolution: Resolution,
  needed: readonly ResolvedImage[],
  missing: MissingBlobs,
  run: Run,
): Promise<Saved> {
  const copying = createCopying(needed, run);
  if (!run.options.dryRun) await copyMissing(copying, needed, resolution, missing, run);
  const seen = new Set<Digest>();
  for (;;) {
    const saved = await publishWhole(resolution, copying, run);
    const damaged = damagedBlobOf(saved.published.error);
    if (damaged === undefined || seen.has(damaged) || run.options.dryRun) return saved;
    seen.add(damaged);
    // Where one is damaged others may be, and each would cost a whole pass.
    await verifyStored(blobsOfImages(needed), run.session.store, run.io.signal);
    await copying.again();
  }
}

async function publishWhole(resolution: Resolution, copying: Copying, run: Run): Promise<Saved> {
  const { options, session } = run;
  const copied = copying.result;
  const { whole, failed } = await judgeConfigs(outcomeOf(resolution, copied), session.store);
  const content = contentOf(whole, run);
  const saved = { copied, images: whole, failed, content };
  if (options.dryRun) return { ...saved, published: await publishDry(content, run) };
  const publishable = whole.length > 0 && (failed.length === 0 || options.onError === 'warn');
  return { ...saved, published: publishable ? await publish(content, copying, run) : NOTHING_PUBLISHED };
}
