import { describe, expect, it } from 'vitest';
import { networkError, withRetries } from '../../src/http/index.ts';

/** How many attempts are made at what always fails by a code of the system's. */
async function attemptsAt(code: string, retries: number): Promise<number> {
  let made = 0;
  const attempt = async (): Promise<never> => {
    made += 1;
    throw networkError('it', 'registry.test', Object.assign(new Error('x'), { code }));
  };
  await expect(withRetries(attempt, { retries, retryMilliseconds: 1 }, {})).rejects.toThrow('registry.test');
  return made;
}

describe('attempts at a host', () => {
  it('are made again where it may come back', async () => {
    expect(await attemptsAt('ECONNREFUSED', 5)).toBe(6);
    expect(await attemptsAt('EAI_AGAIN', 5)).toBe(6);
  });

  it('are two where no name server knows its name: a misspelt one costs a moment, not half a minute', async () => {
    expect(await attemptsAt('ENOTFOUND', 5)).toBe(2);
    expect(await attemptsAt('ENOTFOUND', 0)).toBe(1);
  });
});
