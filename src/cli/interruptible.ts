import type { Host } from './face.ts';

/** Standard input that gives way to an interruption: whoever writes to it may never end. */
export async function* interruptible(
  stdin: Host['stdin'],
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  const stop = (): void => void stdin.destroy();
  signal.addEventListener('abort', stop, { once: true });
  try {
    yield* stdin;
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
