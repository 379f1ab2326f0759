import { AsyncLocalStorage } from 'node:async_hooks';

type Write = typeof process.stdout.write;

const listeners = new AsyncLocalStorage<(text: string) => void>();
let open = 0;
let restore: (() => void) | undefined;

/**
 * Does work of @actions/cache, which says what happened to it in words on the step's output alone, and takes these
 * words off: it tells of "another job" whatever the cause is, and its warnings would be annotations. Masks go through.
 * What others print meanwhile is not touched.
 */
export async function overhear<T>(
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly words: string }> {
  const heard: string[] = [];
  open += 1;
  restore ??= intercept([process.stdout, process.stderr]);
  try {
    const result = await listeners.run((text) => heard.push(text), work);
    return { result, words: heard.join('') };
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
      const rest = listener === undefined ? chunk : listenTo(chunk, listener);
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

/** Hands over what was written, and returns what is to be printed all the same. */
function listenTo(chunk: string | Uint8Array, listener: (text: string) => void): string {
  const text = typeof chunk === 'string' ? chunk : new TextDecoder().decode(chunk);
  const masks = text.split('\n').filter((line) => line.startsWith('::add-mask::'));
  const words = text.split('\n').filter((line) => !line.startsWith('::add-mask::'));
  listener(words.join('\n'));
  return masks.map((line) => `${line}\n`).join('');
}
