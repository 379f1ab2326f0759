import { bundleStands } from '../../../bundle/index.ts';
import type { Inventory } from '../../../copy/index.ts';
import type { Lock } from '../../../lock/index.ts';
import { verifyStored } from '../../../store/index.ts';
import { blobsOf } from '../lock-blobs.ts';
import { treeOf, wantedBundle } from '../publish/folder.ts';
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
  lock: Lock,
  { missing }: Pick<Inventory, 'missing'>,
  run: Run,
): Promise<Verification> {
  const stop = new AbortController();
  const { signal = stop.signal } = run.io;
  const lost = (await isMadeUnread(lock, missing.length, run))
    ? verifyStored(storedOf(lock, missing), run.session.store, AbortSignal.any([signal, stop.signal]))
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

async function isMadeUnread(lock: Lock, missing: number, run: Run): Promise<boolean> {
  const { output, places, release } = run;
  if (output === undefined || places.archive !== undefined || release !== undefined) return false;
  if (missing > 0) return true;
  const wanted = wantedBundle(lock, await treeOf(lock, run), run);
  return wanted === undefined || !(await bundleStands(wanted));
}

function storedOf(lock: Lock, missing: Inventory['missing']): ReturnType<typeof blobsOf> {
  const absent = new Set(missing.map(({ digest }) => digest));
  return blobsOf(lock).filter(({ digest }) => !absent.has(digest));
}
