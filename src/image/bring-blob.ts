import pRetry from 'p-retry';
import { OciSaveError } from '../errors.ts';
import { shortDigest } from '../oci/digest.ts';
import { isTemporary } from '../registry/index.ts';
import type { BlobWriter, Store } from '../store/index.ts';
import type { ContentSource, WantedBlob } from './content-source.ts';

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
 * again would only fetch it again.
 */
export async function bringBlob(
  source: ContentSource,
  blob: WantedBlob,
  store: Store,
  options: BringOptions,
): Promise<void> {
  const { retries, signal, onBytes, onRetry, retryMilliseconds = 500 } = options;
  const writer = await store.write(blob);
  try {
    await pRetry((attempt) => transfer(source, blob, writer, attempt, signal, onBytes), {
      retries,
      minTimeout: retryMilliseconds,
      maxTimeout: 30_000,
      randomize: true,
      ...(signal === undefined ? {} : { signal }),
      shouldRetry: ({ error }) => isTemporary(error),
      onFailedAttempt: ({ error, attemptNumber, retriesLeft }) => {
        if (retriesLeft === 0) return;
        onRetry?.(
          `blob ${shortDigest(blob.digest)} of ${source.name}: ${error.message}; ` +
            `${writer.received} of ${blob.size} bytes are here, attempt ${attemptNumber + 1} of ${retries + 1}`,
        );
      },
    });
    await writer.commit();
  } catch (error) {
    onBytes?.(-writer.received);
    throw error;
  } finally {
    await writer.abort();
  }
}

async function transfer(
  source: ContentSource,
  blob: WantedBlob,
  writer: BlobWriter,
  attempt: number,
  signal: AbortSignal | undefined,
  onBytes: ((delta: number) => void) | undefined,
): Promise<void> {
  if (attempt > 1 && writer.received === blob.size) return;
  const { offset, body } = await source.blob(blob, writer.received, signal);
  if (offset !== writer.received) {
    onBytes?.(-writer.received);
    await writer.restart();
  }
  for await (const chunk of body) {
    await writer.write(chunk);
    onBytes?.(chunk.length);
  }
  if (writer.received < blob.size) {
    throw new OciSaveError({
      code: 'network',
      message: `the transfer ended after ${writer.received} of ${blob.size} bytes`,
    });
  }
}
