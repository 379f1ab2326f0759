import { setTimeout as pause } from 'node:timers/promises';
import { OciSaveError, systemCodeOf } from '../errors.ts';
import { isTemporary } from '../registry/index.ts';
import type { PushContext } from './context.ts';

const LOOK_EVERY_MILLISECONDS = 500;

type Waiting = Pick<PushContext, 'waitMilliseconds' | 'emit' | 'signal'>;

/**
 * Asks a registry until it answers: one that is started in the same job is not up at once. What no waiting helps against
 * (a host's name that does not resolve, a certificate, a refusal) is told at once.
 * @throws OciSaveError `network` where it does not answer in time; what `ask` throws
 */
export async function whenThere<T>(
  domain: string,
  ask: () => Promise<T>,
  { waitMilliseconds, emit, signal }: Waiting,
): Promise<T> {
  const began = performance.now();
  for (let looks = 0; ; looks += 1) {
    try {
      return await ask();
    } catch (error) {
      signal?.throwIfAborted();
      if (!comesBack(error)) throw error;
      const left = began + waitMilliseconds - performance.now();
      const seconds = Math.round(waitMilliseconds / 1000);
      if (left <= 0) throw notReady(domain, seconds, error);
      const message = `${domain} is not there yet; waiting for it, at most ${seconds} s`;
      if (looks === 0) emit({ type: 'log', level: 'info', message });
      await pause(Math.min(left, LOOK_EVERY_MILLISECONDS), undefined, signal ? { signal } : {});
    }
  }
}

function comesBack(error: unknown): boolean {
  const cause = error instanceof OciSaveError ? error.cause : undefined;
  return isTemporary(error) && systemCodeOf(cause) !== 'ENOTFOUND';
}

function notReady(domain: string, seconds: number, cause: unknown): OciSaveError {
  return new OciSaveError({
    code: 'network',
    message: `${domain} did not answer as a registry within ${seconds} s`,
    hint: 'Look whether it runs, and at the host and the port.',
    cause,
  });
}
