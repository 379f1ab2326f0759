import { setTimeout as pause } from 'node:timers/promises';

/**
 * Asks until the answer is there; a program's start or a log's line has no event of its own.
 * @throws Error naming `what` after `seconds`.
 */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined> | T | undefined,
  seconds = 20,
): Promise<T> {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > end) throw new Error(`${what}: nothing after ${seconds} s`);
    await pause(20);
  }
}
