import { setTimeout as pause } from 'node:timers/promises';
import type { OciSaveError } from '../../errors.ts';
import { networkWords } from './refusal.ts';

export interface AssetBytes {
  /** Bytes that the service tells of. */
  readonly size: number;
  /** Begins an answer; it may fail, and is then asked again by its own rules. */
  readonly open: () => Promise<ReadableStream<Uint8Array>>;
  /** Answers after the first one, where one broke off. */
  readonly retries: number;
  /** Silence after which an answer counts as broken off. */
  readonly stallMilliseconds: number;
  /** The error for an answer that broke off, in words such as `ECONNRESET`. */
  readonly broken: (words: string) => OciSaveError;
  readonly signal?: AbortSignal | undefined;
}

const MAX_PAUSE_MILLISECONDS = 30_000;

/**
 * The bytes of an asset. Where an answer breaks off or goes silent another one is begun, and what came already is passed
 * over. Of more bytes than were told it gives the first ones too many, and ends: then they are other bytes.
 * @throws OciSaveError where every answer broke off
 */
export async function* assetBytes(asset: AssetBytes): AsyncGenerator<Uint8Array> {
  const { size, open, retries, broken, signal } = asset;
  let given = 0;
  for (let attempt = 0; given < size || attempt === 0; attempt += 1) {
    if (attempt > 0) await pause(pauseBefore(attempt), undefined, signal === undefined ? {} : { signal });
    let position = 0;
    let words = 'closed too early';
    const body = await open();
    try {
      for await (const chunk of chunksOf(body, asset)) {
        const fresh = chunk.subarray(Math.max(0, given - position));
        position += chunk.length;
        if (fresh.length === 0) continue;
        given += fresh.length;
        yield fresh;
        if (given > size) return;
      }
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof BrokenOff)) throw error;
      words = error.message;
    }
    if (given < size && attempt >= retries) throw broken(words);
  }
}

class BrokenOff extends Error {}

async function* chunksOf(
  body: ReadableStream<Uint8Array>,
  { stallMilliseconds }: AssetBytes,
): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  let ended = false;
  try {
    for (;;) {
      const { done, value } = await within(stallMilliseconds, reader.read());
      ended = done;
      if (value === undefined) return;
      yield value;
    }
  } finally {
    // Not waited for: of a connection that is silent nobody knows when it ends.
    if (!ended) reader.cancel().catch(() => undefined);
  }
}

async function within<T>(milliseconds: number, reading: Promise<T>): Promise<T> {
  const silence = new AbortController();
  const timer = pause(milliseconds, undefined, { signal: silence.signal, ref: true });
  const stalled = timer.then(() => {
    throw new BrokenOff(`silent for ${Math.round(milliseconds / 1000)} s`);
  });
  // Where the reading ends first, its end is what counts.
  stalled.catch(() => undefined);
  try {
    return await Promise.race([stalled, reading]);
  } catch (cause) {
    if (cause instanceof BrokenOff) throw cause;
    throw new BrokenOff(networkWords(cause), { cause });
  } finally {
    silence.abort();
  }
}

function pauseBefore(attempt: number): number {
  return Math.min(MAX_PAUSE_MILLISECONDS, 1000 * 2 ** (attempt - 1) * (1 + Math.random()));
}
