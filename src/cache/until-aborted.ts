import { OciSaveError } from '../errors.ts';

/**
 * The same work, given up with the signal's reason: uploads cannot be called back, and a run that is to end does not
 * wait for them.
 */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      const reason: unknown = signal.reason;
      reject(
        reason instanceof Error ? reason : new OciSaveError({ code: 'interrupted', message: 'interrupted' }),
      );
    };
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
