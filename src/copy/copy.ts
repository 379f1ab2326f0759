import pLimit from 'p-limit';
import { messageOf, OciSaveError } from '../errors.ts';
import type { Lock } from '../lock/index.ts';
import { type Digest, shortDigest } from '../oci/digest.ts';
import type { CopyContext } from './context.ts';
import { bringDirectly } from './direct-mover.ts';
import { divide, type MissingBlob, SKOPEO_FROM_BYTES } from './division.ts';
import { explainFailure, stopsBothMovers, stopsTheRun } from './failure.ts';
import { trackImages } from './image-progress.ts';
import type { Inventory } from './inventory.ts';
import { createLedger, type Ledger, type Mover } from './ledger.ts';
import type { StartedLeaf } from './plan.ts';
import { copyLeaf } from './skopeo-mover.ts';

export interface CopyResult {
  /** Who brought each blob that was missing. */
  readonly movers: ReadonlyMap<Digest, Mover>;
  /** What could not be had, by digest. An image that names one of these is not whole. */
  readonly failures: ReadonlyMap<Digest, unknown>;
}

/**
 * Brings every missing blob of a lock into the store, each once, whoever shares it. A blob that cannot be had is a
 * result; thrown is only what ends the run: an interruption, or a machine that lacks something.
 */
export async function copyBlobs(lock: Lock, inventory: Inventory, context: CopyContext): Promise<CopyResult> {
  const { leaves, direct } = divide(
    inRegistries(inventory, context),
    context.copier === 'direct' ? Infinity : SKOPEO_FROM_BYTES,
  );
  // A machine without skopeo is told before anything is fetched.
  if (leaves.length > 0) await context.skopeoTools();
  const stop = new AbortController();
  const signal = context.signal ? AbortSignal.any([context.signal, stop.signal]) : stop.signal;
  const inner = { ...context, signal };
  context.emit({ type: 'stage', stage: 'copy', total: lock.images.length });
  const images = trackImages(lock, inventory, context);
  const ledger = createLedger(
    leaves,
    direct.map(({ digest }) => digest),
    {
      onLanded(digest) {
        images.landed(digest);
        context.onLanded?.(digest);
      },
      signal,
    },
  );
  const bring = bringer(inventory, inner, ledger);
  const copy = leafCopier(lock, inventory, inner, ledger);

  const worker = async (): Promise<void> => {
    for (let leaf = await ledger.nextLeaf(); leaf; leaf = await ledger.nextLeaf()) {
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
  images.finish(ledger.failures);
  return { movers: ledger.movers, failures: ledger.failures };
}

/** What is missing, with those of its leaves that a registry has: skopeo copies no other here. */
function inRegistries({ missing, refsOf }: Inventory, { placesOf }: CopyContext): MissingBlob[] {
  const hasPlace = (leaf: Digest): boolean =>
    [...(refsOf.get(leaf) ?? [])].some((ref) => placesOf(ref).length > 0);
  return missing.map((blob) => ({ ...blob, leaves: blob.leaves.filter(hasPlace) }));
}

type Bring = (blob: MissingBlob) => Promise<void>;

/** Brings one blob by our own client and books it. Throws only what stops the run. */
function bringer({ refsOf }: Inventory, context: CopyContext, ledger: Ledger): Bring {
  return async (blob) => {
    context.signal?.throwIfAborted();
    try {
      await bringDirectly(blob, refsOf.get(blob.digest) ?? [], context);
      ledger.landed(blob.digest, 'direct');
    } catch (error) {
      context.signal?.throwIfAborted();
      if (stopsTheRun(error)) throw error;
      ledger.failed(blob.digest, explainFailure(blob.digest, error));
    }
  };
}

/** Copies one leaf by skopeo; what skopeo cannot finish, our own client completes, and the log says so. */
function leafCopier(
  lock: Lock,
  { missing, refsOf }: Inventory,
  context: CopyContext,
  ledger: Ledger,
): (leaf: StartedLeaf, bring: Bring) => Promise<void> {
  const blobs = new Map(missing.map((blob) => [blob.digest, blob]));
  const layersOf = new Map(
    lock.images.flatMap((image) => image.leaves.map(({ digest, layers }) => [digest, layers])),
  );

  const bySkopeo = async ({ id, brings }: StartedLeaf): Promise<void> => {
    const [place] = [...(refsOf.get(id) ?? [])].flatMap((ref) => context.placesOf(ref));
    if (place === undefined) {
      throw new OciSaveError({ code: 'unsupported', message: `${shortDigest(id)} comes from no registry` });
    }
    await copyLeaf(
      {
        leaf: id,
        place,
        image: [...(refsOf.get(id) ?? [])][0],
        brings: new Map(brings.map((digest) => [digest, blobs.get(digest)?.size ?? 0])),
        here: (layersOf.get(id) ?? []).filter((digest) => !blobs.has(digest) || ledger.movers.has(digest)),
        onLanded: (digest) => ledger.landed(digest, 'skopeo'),
      },
      context,
    );
  };

  return async (leaf, bring) => {
    try {
      await bySkopeo(leaf);
    } catch (error) {
      context.signal?.throwIfAborted();
      if (stopsTheRun(error)) throw error;
      const left = leaf.brings.flatMap((digest) =>
        ledger.movers.has(digest) ? [] : (blobs.get(digest) ?? []),
      );
      if (stopsBothMovers(error)) {
        for (const { digest } of left) ledger.failed(digest, explainFailure(digest, error));
      } else {
        const message = `${messageOf(error)}; the built-in client completes it`;
        const [image] = refsOf.get(leaf.id) ?? [];
        context.emit({ type: 'log', level: 'warning', message, image });
        for (const blob of left) await bring(blob);
      }
    } finally {
      ledger.ended(leaf.id);
    }
  };
}
