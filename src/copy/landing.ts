import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { systemCodeOf } from '../errors.ts';
import { type Digest, hexOf } from '../oci/digest.ts';
import { LAYOUT, poolOf } from '../skopeo/index.ts';
import type { BlobSize } from '../store/index.ts';

export interface Landing {
  /** Layers that were to come and are not in the store. */
  readonly missing: number;
  /** Looks a last time, then stops watching. Throws what an adoption threw. */
  finish(): Promise<void>;
}

const EVERY_MILLISECONDS = 60;

/** skopeo writes a blob under such a name into the layout, and renames it into the pool when it is whole. */
const INCOMING = 'oci-put-blob';

/**
 * Watches one skopeo copy. A layer in the pool is whole, since it came by rename: it is adopted at once, so that
 * leaves that wait for it can start before this copy ends. skopeo tells nothing of its progress: sizes do.
 */
export function watchLanding(options: {
  readonly folder: string;
  readonly brings: ReadonlyMap<Digest, number>;
  readonly adopt: (file: string, blob: BlobSize) => Promise<void>;
  readonly onLanded: (digest: Digest) => void;
  readonly onBytes: (delta: number) => void;
}): Landing {
  const { folder, brings, adopt, onLanded, onBytes } = options;
  const pool = poolOf(folder);
  const awaited = new Map(brings);
  let told = 0;
  let landedBytes = 0;
  const stop = Promise.withResolvers<'stopped'>();

  const tell = (bytes: number): void => {
    if (bytes !== told) onBytes(bytes - told);
    told = bytes;
  };

  const look = async (): Promise<void> => {
    for (const [digest, size] of awaited) {
      const file = path.join(pool, hexOf(digest));
      if ((await sizeOf(file)) === undefined) continue;
      await adopt(file, { digest, size });
      awaited.delete(digest);
      landedBytes += size;
      onLanded(digest);
    }
    tell(landedBytes + (await incomingBytes(path.join(folder, LAYOUT))));
  };

  const watch = async (): Promise<void> => {
    for (let next = 'look'; next === 'look';) {
      await look();
      const pause = setTimeout(EVERY_MILLISECONDS, 'look', { ref: false });
      next = await Promise.race([pause, stop.promise]);
    }
    await look();
  };
  const watching = watch().finally(() => tell(landedBytes));
  // It is awaited when the copy has ended; until then a failure waits there.
  watching.catch(() => {});

  return {
    get missing() {
      return awaited.size;
    },
    async finish() {
      stop.resolve('stopped');
      await watching;
    },
  };
}

async function sizeOf(file: string): Promise<number | undefined> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function incomingBytes(layout: string): Promise<number> {
  let names: string[];
  try {
    names = await readdir(layout);
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return 0;
    throw error;
  }
  const sizes = names
    .filter((name) => name.startsWith(INCOMING))
    .map((name) => sizeOf(path.join(layout, name)));
  return (await Promise.all(sizes)).reduce<number>((sum, size) => sum + (size ?? 0), 0);
}
