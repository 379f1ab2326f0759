import { setTimeout as pause } from 'node:timers/promises';
import { OciSaveError, systemCodeOf } from '../../errors.ts';
import { isTemporary } from '../../registry/index.ts';
import type { PushContext } from './context.ts';
import type { PushTarget } from './target.ts';

const LOOK_EVERY_MILLISECONDS = 500;

/**
 * Waits until a target answers: one that is started in the same job is not up at once. What no waiting helps against (a
 * name that does not resolve, a certificate) is told at once.
 * @throws OciSaveError `network` where it does not answer in time
 */
export async function waitForTarget(
  { domain }: PushTarget,
  {
    client,
    waitMilliseconds,
    emit,
    signal,
  }: Pick<PushContext, 'client' | 'waitMilliseconds' | 'emit' | 'signal'>,
): Promise<void> {
  const began = performance.now();
  for (let looks = 0; ; looks += 1) {
    try {
      return await client.reach(domain);
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
