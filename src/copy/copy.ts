import pLimit from 'p-limit';
import { messageOf, OciSaveError } from '../errors.ts';
import type { Digest } from '../oci/digest.ts';
import type { Repository } from '../registry/index.ts';
import { repositoryOf, type ResolvedImage } from '../resolve/index.ts';
import type { CopyContext, Copying } from './context.ts';
import { bringDirectly } from './direct-mover.ts';
import { divide, type MissingBlob, SKOPEO_FROM_BYTES } from './division.ts';
import { explainFailure, stopsBothMovers, stopsTheRun } from './failure.ts';
import { trackImages } from './image-progress.ts';
import { LONGEST_WAIT_MILLISECONDS } from '../skopeo/index.ts';
import type { MissingBlobs } from './missing-blobs.ts';
import type { StartedLeaf } from './plan.ts';
import { copyLeaf, ThrottledError } from './skopeo-mover.ts';
import { type BlobTransfers, createTransfers } from './transfers.ts';

/** The mover of each blob that was missing, and the errors by digest. An image that names a failed blob is not whole. */
export type CopyResult = Pick<BlobTransfers, 'movers' | 'failures'>;

/**
 * Brings every missing blob of the images into the store, each once, also where images share it. A blob that cannot be
 * fetched is a result; only what ends the run is thrown: an interruption, or a machine that lacks something.
 */
export async function copyBlobs(
  images: readonly ResolvedImage[],
  missing: MissingBlobs,
  context: CopyContext,
): Promise<CopyResult> {
  const served = servedLeaves(images);
  const { leaves, direct } = divide(
    missing.blobs.map((blob) => ({ ...blob, leaves: blob.leaves.filter((leaf) => served.has(leaf)) })),
    context.copier === 'direct' ? Infinity : SKOPEO_FROM_BYTES,
  );
  // A machine without skopeo fails before anything is fetched.
  if (leaves.length > 0) await context.skopeoTools();
  const stop = new AbortController();
  const signal = context.signal ? AbortSignal.any([context.signal, stop.signal]) : stop.signal;
  const inner = { ...context, signal };
  if (images.length > 0) context.emit({ type: 'stage', stage: 'copy', total: images.length });
  const progress = trackImages(images, missing, context);
  const onLanded = (digest: Digest): void => {
    progress.landed(digest);
    context.onLanded(digest);
  };
  const small = direct.map(({ digest }) => digest);
  const transfers = createTransfers(leaves, small, { onLanded, signal });
  const bring = bringer(missing, inner, transfers);
  const copy = leafCopier(missing, served, inner, transfers);

  const worker = async (): Promise<void> => {
    for (let leaf = await transfers.nextLeaf(); leaf; leaf = await transfers.nextLeaf()) {
      await copy(leaf, bring);
    }
  };
  const limit = pLimit(context.connections);
  const work = [
    ...direct.map((blob) => limit(() => bring(blob))),
    ...Array.from({ length: Math.min(context.parallel, leaves.length) }, worker),
  ];
  // Nothing may write any more when this returns, so that the run's folder can go.
  await Promise.allSettled(work.map((job) => job.catch((error: unknown) => stop.abort(error))));
  signal.throwIfAborted();
  progress.finish(transfers.failures);
  return { movers: transfers.movers, failures: transfers.failures };
}

/** A leaf that a registry has. */
interface ServedLeaf {
  readonly ref: string;
  readonly origins: ResolvedImage['wanted']['origins'];
  readonly repository: Repository;
  readonly layers: readonly Digest[];
}

/** The leaves that a registry has, each as the first image has it: skopeo copies only these here. */
function servedLeaves(images: readonly ResolvedImage[]): Map<Digest, ServedLeaf> {
  const served = new Map<Digest, ServedLeaf>();
  for (const { ref, wanted, leaves } of images.toReversed()) {
    const repository = repositoryOf(wanted);
    // What a bundle holds is read from there, and what that lacks by our own client.
    if (repository === undefined || wanted.held !== undefined) continue;
    const { origins } = wanted;
    for (const { digest, layers } of leaves) served.set(digest, { ref, origins, repository, layers });
  }
  return served;
}

type Bring = (blob: MissingBlob) => Promise<void>;

/** Fetches one blob by our own client and notes the result. Throws only what stops the run. */
function bringer({ imagesOf }: MissingBlobs, context: Copying, transfers: BlobTransfers): Bring {
  return async (blob) => {
    context.signal.throwIfAborted();
    try {
      await bringDirectly(blob, imagesOf(blob.digest), context);
      transfers.landed(blob.digest, 'direct');
    } catch (error) {
      context.signal.throwIfAborted();
      if (stopsTheRun(error)) throw error;
      transfers.failed(blob.digest, explainFailure(blob.digest, error));
    }
  };
}

/** Whether our own client asks another place for what a mirror gives nobody any more. */
function hasNextPlace(error: unknown, repository: Repository | undefined, { sources }: Copying): boolean {
  const isQuota = error instanceof OciSaveError && error.code === 'quota';
  return isQuota && repository !== undefined && sources.placesOf(repository).length > 1;
}

/** Copies one leaf by skopeo; what skopeo cannot finish, our own client completes, and the log says so. */
function leafCopier(
  missing: MissingBlobs,
  served: ReadonlyMap<Digest, ServedLeaf>,
  context: Copying,
  transfers: BlobTransfers,
): (leaf: StartedLeaf, bring: Bring) => Promise<void> {
  const blobs = new Map(missing.blobs.map((blob) => [blob.digest, blob]));
  /** Registries that may give skopeo nothing more: it asks for a manifest each time, which counts as a pull. */
  const spent = new Set<string>();

  const throttled = new Set<string>();

  const noteThrottle = ({ throttle }: ThrottledError, domain = ''): void => {
    const { host, milliseconds } = throttle;
    throttled.add(host);
    // So long it waits for a quota, too: our own client asks at once, and knows by the answer.
    if (milliseconds >= LONGEST_WAIT_MILLISECONDS) spent.add(domain);
    else context.client.throttled(host, milliseconds);
  };

  const bySkopeo = async ({ id, brings }: StartedLeaf): Promise<void> => {
    const leaf = served.get(id);
    if (leaf === undefined) throw new Error(`no registry has ${id}`);
    await copyLeaf(
      {
        leaf: id,
        repository: leaf.repository,
        image: leaf.ref,
        brings: new Map(brings.map((digest) => [digest, blobs.get(digest)?.size ?? 0])),
        here: leaf.layers.filter((digest) => !blobs.has(digest) || transfers.movers.has(digest)),
        onLanded: (digest) => transfers.landed(digest, 'skopeo'),
      },
      context,
    );
  };

  return async (leaf, bring) => {
    const { ref: image, origins, repository } = served.get(leaf.id) ?? {};
    try {
      if (repository !== undefined && spent.has(repository.domain)) {
        for (const digest of leaf.brings) {
          const blob = blobs.get(digest);
          if (blob !== undefined) await bring(blob);
        }
        return;
      }
      await bySkopeo(leaf);
    } catch (error) {
      context.signal.throwIfAborted();
      if (stopsTheRun(error)) throw error;
      const left = leaf.brings.flatMap((digest) =>
        transfers.movers.has(digest) ? [] : (blobs.get(digest) ?? []),
      );
      if (stopsBothMovers(error) && !hasNextPlace(error, repository, context)) {
        for (const { digest } of left) transfers.failed(digest, explainFailure(digest, error));
      } else {
        // One cause of several skopeo at once is told once.
        const isTold = error instanceof ThrottledError && throttled.has(error.throttle.host);
        if (error instanceof ThrottledError) noteThrottle(error, repository?.domain);
        const message = `${messageOf(error)}; the built-in client completes it`;
        if (!isTold) context.emit({ type: 'log', level: 'warning', message, image, origins });
        for (const blob of left) await bring(blob);
      }
    }
  };
}
