/** Something that was started and has to be ended: `await using` or `close()`. */
export interface Closable extends AsyncDisposable {
  readonly close: () => Promise<void>;
}

/** Adds `close` and its disposable form to plain fields; what is closed twice is closed once. */
export function closable<T extends object>(fields: T, end: () => Promise<void>): T & Closable {
  let ended: Promise<void> | undefined;
  const close = (): Promise<void> => (ended ??= end());
  return { ...fields, close, [Symbol.asyncDispose]: close };
}
