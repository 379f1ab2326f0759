import { bundleStands } from '../../../bundle/index.ts';
import { blobsOfImages, type MissingBlobs } from '../../../copy/index.ts';
import type { ResolvedImage } from '../../../resolve/index.ts';
import { verifyStored } from '../../../store/index.ts';
import { contentOf, treeOf, wantedBundle } from '../publish/folder.ts';
import type { Run } from '../run.ts';

/** Hashing that goes on beside other work. */
export interface Verification {
  /** How many of the blobs that were in the store turned out to be wrong. */
  readonly lost: Promise<number>;
  /** Ends it; nothing is hashed any more when this resolves. */
  stop(): Promise<void>;
}

/**
 * Begins to hash what the store had before, while the network is waited for: only where a folder is made of it. An
 * archive, a release and a push read all bytes themselves, and a bundle that stands there unchanged is left as it is.
 */
export async function verifyBeside(
  images: readonly ResolvedImage[],
  { blobs }: Pick<MissingBlobs, 'blobs'>,
  run: Run,
): Promise<Verification> {
  const stop = new AbortController();
  const { signal = stop.signal } = run.io;
  const absent = new Set(blobs.map(({ digest }) => digest));
  const stored = blobsOfImages(images).filter(({ digest }) => !absent.has(digest));
  const lost = (await isMadeUnread(images, blobs.length, run))
    ? verifyStored(stored, run.session.store, AbortSignal.any([signal, stop.signal]))
    : Promise.resolve(0);
  // It is awaited when all is copied; until then a failure waits there.
  lost.catch(() => {});
  return {
    lost,
    async stop() {
      stop.abort();
      await lost.catch(() => {});
    },
  };
}

async function isMadeUnread(images: readonly ResolvedImage[], missing: number, run: Run): Promise<boolean> {
  const { output, places, release } = run;
  if (output === undefined || places.archive !== undefined || release !== undefined) return false;
  if (missing > 0) return true;
  const content = contentOf(images, run);
  const wanted = wantedBundle(content.lock, treeOf(content, run), run);
  return wanted === undefined || !(await bundleStands(wanted));
}
