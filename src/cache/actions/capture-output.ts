import { AsyncLocalStorage } from 'node:async_hooks';

type Write = typeof process.stdout.write;

const listeners = new AsyncLocalStorage<(text: string) => void>();
let open = 0;
let restore: (() => void) | undefined;

/**
 * Runs work of @actions/cache and captures its output. That library reports what happened only in words on the step's
 * output, and these must not be shown: it blames "another job" for any cause, and its warnings would be annotations.
 * Masks are still printed. Other code's output is not touched.
 */
export async function captureOutput<T>(
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly words: string }> {
  const captured: string[] = [];
  open += 1;
  restore ??= intercept([process.stdout, process.stderr]);
  try {
    const result = await listeners.run((text) => captured.push(text), work);
    return { result, words: captured.join('') };
  } finally {
    open -= 1;
    if (open === 0) {
      restore?.();
      restore = undefined;
    }
  }
}

function intercept(streams: readonly NodeJS.WriteStream[]): () => void {
  const undo = streams.map((stream) => {
    const before = Object.getOwnPropertyDescriptor(stream, 'write');
    const print: Write = stream.write.bind(stream);
    const write: Write = (
      chunk: string | Uint8Array,
      encoding?: BufferEncoding | ((error?: Error | null) => void),
      done?: (error?: Error | null) => void,
    ): boolean => {
      const listener = listeners.getStore();
      const rest = listener === undefined ? chunk : capture(chunk, listener);
      if (typeof encoding === 'function') return print(rest, undefined, encoding);
      return print(rest, encoding, done);
    };
    stream.write = write;
    return () => {
      if (before) Object.defineProperty(stream, 'write', before);
      else Reflect.deleteProperty(stream, 'write');
    };
  });
  return () => undo.forEach((one) => one());
}

/** Gives the listener what was written, and returns the masks, which must be printed. */
function capture(chunk: string | Uint8Array, listener: (text: string) => void): string {
  const lines = (typeof chunk === 'string' ? chunk : new TextDecoder().decode(chunk)).split('\n');
  const masks = lines.filter((line) => line.startsWith('::add-mask::'));
  listener(lines.filter((line) => !masks.includes(line)).join('\n'));
  return masks.map((line) => `${line}\n`).join('');
}
