import { messageOf, OciSaveError } from '../errors.ts';
import { download, refusalOf } from '../http/index.ts';
import { shortDigest } from '../oci/digest.ts';
import type { Store } from '../store/index.ts';
import type { ReadPort, WantedBlob } from './read-port.ts';

export interface BringOptions {
  /** Attempts after the first one. What has arrived stays, and the next attempt asks for the rest. */
  readonly retries: number;
  readonly signal?: AbortSignal | undefined;
  /** Told of bytes as they arrive; negative where they were thrown away. */
  readonly onBytes?: (delta: number) => void;
  readonly onRetry?: (message: string) => void;
  /** Milliseconds before the second attempt; doubled for each further one. */
  readonly retryMilliseconds?: number;
}

/**
 * Brings one blob from a source into the store, resuming where a transfer was cut. Wrong data is final: asking
 * again would only fetch it again, unless the source has another place to ask.
 */
export async function bringBlob(
  source: ReadPort,
  blob: WantedBlob,
  store: Store,
  options: BringOptions,
): Promise<void> {
  for (;;) {
    try {
      return await bringFromPlace(source, blob, store, options);
    } catch (error) {
      options.signal?.throwIfAborted();
      const isTheirs =
        error instanceof OciSaveError && ['digest', 'network', 'unsupported'].includes(error.code);
      if (!isTheirs || source.passOver?.(blob, error) !== true) throw error;
    }
  }
}

async function bringFromPlace(
  source: ReadPort,
  blob: WantedBlob,
  store: Store,
  options: BringOptions,
): Promise<void> {
  const { retries, signal, onBytes, onRetry, retryMilliseconds = 500 } = options;
  const { digest, size } = blob;
  const subject = `blob ${shortDigest(digest)} of ${source.name}`;
  const writer = await store.write(blob, await source.origin?.());
  const bytes = download({
    subject,
    open: (offset) => source.open(blob, offset, signal),
    size,
    policy: { retries, retryMilliseconds },
    signal,
    async restart(received) {
      onBytes?.(-received);
      await writer.restart();
    },
    onRetry(error, next, received) {
      // A host that limits how often it is asked limits all requests: each of them would say so.
      if (refusalOf(error)?.status === 429) return;
      const words = messageOf(error);
      const why = words.includes(shortDigest(digest)) ? words : `${subject}: ${words}`;
      onRetry?.(`${why}; ${received} of ${size} bytes are here, attempt ${next} of ${retries + 1}`);
    },
  });
  try {
    for await (const chunk of bytes) {
      await writer.write(chunk);
      onBytes?.(chunk.length);
    }
    await writer.commit();
  } catch (error) {
    onBytes?.(-writer.received);
    throw error;
  } finally {
    await writer.abort();
  }
}
