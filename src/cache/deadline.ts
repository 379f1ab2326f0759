/**
 * The result of work, or undefined where it takes more than so many milliseconds, or the signal aborts first: uploads
 * cannot be ended, and then go on by themselves.
 */
export async function beforeDeadline<T>(
  milliseconds: number,
  work: Promise<T>,
  signal?: AbortSignal,
): Promise<T | undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const end = (): void => resolve(undefined);
  const timer = setTimeout(end, milliseconds);
  if (signal?.aborted) end();
  signal?.addEventListener('abort', end, { once: true });
  try {
    return await Promise.race([promise, work]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', end);
  }
}
