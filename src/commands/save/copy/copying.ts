import pLimit from 'p-limit';
import {
  copyBlobs,
  type CopyContext,
  type CopyResult,
  findMissingBlobs,
  type MissingBlobs,
} from '../../../copy/index.ts';
import type { Digest } from '../../../oci/digest.ts';
import type { ResolvedImage } from '../../../resolve/index.ts';
import { CONNECTIONS, type Run } from '../run.ts';

const SKOPEO_AT_ONCE = 8;

/** The copying of one run. It continues where a blob of the store is found damaged later. */
export interface Copying {
  /** The results of all copies so far. */
  readonly result: CopyResult;
  /** Fetches what is missing. */
  copy(missing: MissingBlobs): Promise<void>;
  /** Fetches again what the store has lost since, except what failed before. Throws what ends the run. */
  again(): Promise<void>;
  /** The same for one blob that was dropped, once for all callers. Throws why it cannot be fetched. */
  bringBack(digest: Digest): Promise<void>;
}

/** `images` are those whose blobs are to be in the store. */
export function createCopying(images: readonly ResolvedImage[], run: Run): Copying {
  const movers = new Map<Digest, 'skopeo' | 'direct'>();
  const failures = new Map<Digest, unknown>();
  const brought = new Map<Digest, Promise<void>>();
  // Two copies of one image at once would share a folder.
  const oneAtATime = pLimit(1);

  const copy = async (missing: MissingBlobs, of: readonly ResolvedImage[]): Promise<void> => {
    const result = await copyBlobs(of, missing, copyContext(run));
    for (const [digest, mover] of result.movers) movers.set(digest, mover);
    for (const [digest, failure] of result.failures) failures.set(digest, failure);
  };
  const again = async (): Promise<void> => {
    const missing = await findMissingBlobs(images, run.session.store, run.cache.restored);
    const blobs = missing.blobs.filter(({ digest }) => !failures.has(digest));
    if (blobs.length === 0) return;
    const lost = new Set(blobs.map(({ digest }) => digest));
    // The other images were reported already.
    const losing = images.filter(({ sizes }) => [...lost].some((digest) => sizes.has(digest)));
    await copy({ ...missing, blobs }, losing);
  };
  const bringOne = async (digest: Digest): Promise<void> => {
    await oneAtATime(again);
    if (failures.has(digest)) throw failures.get(digest);
  };

  return {
    result: { movers, failures },
    copy: (missing) => copy(missing, images),
    again: () => oneAtATime(again),
    bringBack(digest) {
      const known = brought.get(digest) ?? bringOne(digest);
      brought.set(digest, known);
      return known;
    },
  };
}

function copyContext({ options, session, cache, io: { emit, signal } }: Run): CopyContext {
  const { copier, insecureRegistries, parallel, retries } = options;
  const { store, client, sources, credentials, skopeoTools } = session;
  return {
    store,
    copier,
    skopeoTools,
    client,
    sources,
    credentials,
    insecureRegistries,
    parallel: parallel || SKOPEO_AT_ONCE,
    connections: copier === 'direct' && parallel > 0 ? parallel : CONNECTIONS,
    retries,
    onLanded: (digest) => cache.landed(digest),
    emit,
    signal,
  };
}
