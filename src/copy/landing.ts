import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { OciSaveError } from '../errors.ts';
import { unlessGone } from '../files/index.ts';
import { LEAST_BYTES_A_SECOND } from '../http/index.ts';
import { MAX_CONFIG_BYTES } from '../oci/config.ts';
import { type Digest, hexOf, type BlobSize } from '../oci/digest.ts';
import { LAYOUT, poolOf } from '../skopeo/index.ts';

export interface Landing {
  /** How many awaited layers are not in the store. */
  readonly missing: number;
  /** Checks a last time, then stops watching. Throws what an adoption threw. */
  finish(): Promise<void>;
}

const EVERY_MILLISECONDS = 60;

/** skopeo waits for ever for a server that stops sending, or sends a byte now and then; our own client has the same timeout. */
const STALL_MILLISECONDS = 60_000;

/** skopeo writes a blob under a name with this prefix into the layout, and renames it into the pool when it is whole. */
const INCOMING = 'oci-put-blob';

/**
 * Watches one skopeo copy. A layer in the pool is whole, since it came by rename: it is adopted at once, so that
 * leaves that wait for it can start before this copy ends. skopeo does not report its progress; the sizes of files show it.
 * They also show when the copy must be ended: skopeo waits for ever for bytes that do not come, and has no upper limit.
 */
export function watchLanding(options: {
  readonly folder: string;
  readonly brings: ReadonlyMap<Digest, number>;
  readonly adopt: (file: string, blob: BlobSize) => Promise<void>;
  readonly onLanded: (digest: Digest) => void;
  readonly onBytes: (delta: number) => void;
  /** Called with the reason whenever the copy must be ended. */
  readonly giveUp: (error: OciSaveError) => void;
  readonly stallMilliseconds?: number | undefined;
}): Landing {
  const { folder, brings, adopt, onLanded, onBytes, giveUp } = options;
  const { stallMilliseconds = STALL_MILLISECONDS } = options;
  const pool = poolOf(folder);
  const awaited = new Map(brings);
  // skopeo fetches the config as well.
  const most = [...brings.values()].reduce((sum, size) => sum + size, MAX_CONFIG_BYTES);
  let reported = 0;
  let movedAt = performance.now();
  /** Since when the rate is measured, and how many bytes had come then. */
  let window = { since: movedAt, before: 0 };
  let landedBytes = 0;
  const stop = Promise.withResolvers<'stopped'>();

  const report = (bytes: number): void => {
    if (bytes === reported) return;
    onBytes(bytes - reported);
    reported = bytes;
    movedAt = performance.now();
  };

  const judge = (): void => {
    if (reported > most) {
      giveUp(new OciSaveError({ code: 'digest', message: 'skopeo is sent more than the manifest says' }));
      return;
    }
    const now = performance.now();
    const seconds = Math.round(stallMilliseconds / 1000);
    if (now - movedAt > stallMilliseconds) {
      giveUp(new OciSaveError({ code: 'network', message: `skopeo: no byte for ${seconds} s` }));
    } else if (now - window.since > stallMilliseconds) {
      const bytes = reported - window.before;
      window = { since: now, before: reported };
      if (bytes < (LEAST_BYTES_A_SECOND * stallMilliseconds) / 1000) {
        const message = `skopeo: too slow, ${bytes} bytes in ${seconds} s`;
        giveUp(new OciSaveError({ code: 'network', message }));
      }
    }
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
    report(landedBytes + (await incomingBytes(path.join(folder, LAYOUT))));
  };

  const watch = async (): Promise<void> => {
    for (let next = 'look'; next === 'look';) {
      await look();
      judge();
      const pause = setTimeout(EVERY_MILLISECONDS, 'look');
      next = await Promise.race([pause, stop.promise]);
    }
    await look();
  };
  const watching = watch().finally(() => report(landedBytes));
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
  return (await unlessGone(stat(file)))?.size;
}

async function incomingBytes(layout: string): Promise<number> {
  const names = (await unlessGone(readdir(layout))) ?? [];
  const sizes = names
    .filter((name) => name.startsWith(INCOMING))
    .map((name) => sizeOf(path.join(layout, name)));
  return (await Promise.all(sizes)).reduce<number>((sum, size) => sum + (size ?? 0), 0);
}
