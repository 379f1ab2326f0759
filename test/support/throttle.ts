import { setTimeout as pause } from 'node:timers/promises';

const SLICE = 16 * 1024;
/** Timers are no finer than this many milliseconds, so that less is saved up. */
const GRAIN = 2;
/** What a line may make up for after a pause, in milliseconds. */
const BURST = 50;

/** Passes bytes on at a pace that can change meanwhile (0: as fast as they come), and tells how many went. */
export function throttle(
  line: { readonly bytesPerSecond: number },
  sent: (bytes: number) => void,
): (chunks: AsyncIterable<Buffer>) => AsyncGenerator<Buffer> {
  return async function* paced(chunks) {
    let due = performance.now();
    for await (const chunk of chunks) {
      for (let at = 0; at < chunk.length;) {
        const rate = line.bytesPerSecond;
        const slice = rate > 0 ? chunk.subarray(at, at + SLICE) : chunk.subarray(at);
        const now = performance.now();
        due = Math.max(due, now - BURST) + (rate > 0 ? (slice.length / rate) * 1000 : 0);
        if (rate > 0 && due - now > GRAIN) await pause(due - now);
        sent(slice.length);
        yield slice;
        at += slice.length;
      }
    }
  };
}
