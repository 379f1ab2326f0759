import { describe, expect, it } from 'vitest';
import { judgeWords } from '../../src/cache/actions/save-entry.ts';
import { captureOutput } from '../../src/cache/actions/capture-output.ts';
import { allowed, findService, versionOf } from '../../src/cache/actions/service.ts';

const V2 = {
  ACTIONS_CACHE_SERVICE_V2: 'true',
  ACTIONS_RESULTS_URL: 'https://results.example/',
  ACTIONS_RUNTIME_TOKEN: 't',
};
const V1 = { ACTIONS_CACHE_URL: 'https://cache.example/x/', ACTIONS_RUNTIME_TOKEN: 't' };

describe('the cache service', () => {
  it.each([
    ['github.com', { ...V2, GITHUB_SERVER_URL: 'https://github.com' }, 'v2', 'https://results.example/'],
    [
      'data residency',
      { ...V2, GITHUB_SERVER_URL: 'https://acme.ghe.com' },
      'v2',
      'https://results.example/',
    ],
    ['no server named', V2, 'v2', 'https://results.example/'],
    [
      'Enterprise Server, even with the newer one on',
      { ...V2, ...V1, GITHUB_SERVER_URL: 'https://git.acme.example' },
      'v1',
      'https://cache.example/x/',
    ],
    [
      'Gitea with results alone',
      { ...V2, GITHUB_SERVER_URL: 'https://gitea.example' },
      'v1',
      'https://results.example/',
    ],
    [
      'github.com before the newer one',
      { ...V1, GITHUB_SERVER_URL: 'https://github.com' },
      'v1',
      'https://cache.example/x/',
    ],
  ])('of %s is chosen as @actions/cache chooses it', (_name, env, protocol, url) => {
    const service = findService(env);
    expect('missing' in service ? service : [service.protocol, service.url.href]).toEqual([protocol, url]);
  });

  it('is missing outside of the steps of actions, and where its address is invalid', () => {
    expect(findService({})).toHaveProperty('missing');
    expect(findService({ ...V2, ACTIONS_RUNTIME_TOKEN: '' })).toHaveProperty('missing');
    expect(findService({ ...V2, ACTIONS_RESULTS_URL: 'file:///etc' })).toHaveProperty('missing');
  });

  it.each([
    ['', true, true],
    ['none', false, false],
    ['read', true, false],
    ['write', true, true],
    [' Write-Only ', false, true],
    ['something new', true, true],
  ])('in mode %j may be read: %s, written: %s', (mode, readable, writable) => {
    expect(allowed({ ACTIONS_CACHE_MODE: mode })).toEqual({ readable, writable });
  });

  it('has versions that differ by folder, compression and Windows', () => {
    const versions = [
      versionOf('a', 'gzip', 'linux'),
      versionOf('b', 'gzip', 'linux'),
      versionOf('a', 'zstd-without-long', 'linux'),
      versionOf('a', 'gzip', 'win32'),
    ];
    expect(new Set(versions).size).toBe(4);
    expect(versionOf('a', 'gzip', 'darwin')).toBe(versions[0]);
  });
});

describe('the output of @actions/cache', () => {
  it.each([
    [
      '::warning::Failed to save: Unable to reserve cache with key k. More details: cache write denied: read-only\n',
      'denied',
    ],
    [
      "::warning::You've hit a rate limit, your rate limit will reset in 60 seconds\nFailed to save: Unable to reserve cache with key k, another job may be creating this cache.\n",
      'limited',
    ],
    [
      '::debug::Failed to reserve cache: Error: Failed to CreateCacheEntry: Rate limited: Failed request: (429) Too Many\n',
      'limited',
    ],
    [
      '::debug::Failed to reserve cache: Error: Failed to CreateCacheEntry: Cache storage quota has been hit. Unable\n',
      'limited',
    ],
    [
      '::debug::Failed to reserve cache: Error: Received non-retryable error: Failed request: (409) Conflict: taken\n',
      'exists',
    ],
    [
      'Failed to save: Unable to reserve cache with key k, another job may be creating this cache.\n',
      'failed',
    ],
    ['', 'failed'],
  ])('%j means %s', (words, kind) => {
    const outcome = judgeWords(words);
    expect(outcome.kind).toBe(kind);
    if ('reason' in outcome) expect(outcome.reason).not.toContain('another job');
  });

  it('is captured, except for masks, while other output is printed', async () => {
    const printed: string[] = [];
    const own = Object.getOwnPropertyDescriptor(process.stdout, 'write');
    process.stdout.write = (chunk: string | Uint8Array): boolean => printed.push(String(chunk)) > 0;
    try {
      const opened = Promise.withResolvers<void>();
      const capturing = captureOutput(async () => {
        process.stdout.write('::warning::inside\n');
        await opened.promise;
        process.stdout.write('::add-mask::hush\n');
        return 7;
      });
      process.stdout.write('outside\n');
      opened.resolve();
      expect(await capturing).toEqual({ result: 7, words: '::warning::inside\n' });
      process.stdout.write('after\n');
    } finally {
      if (own) Object.defineProperty(process.stdout, 'write', own);
      else Reflect.deleteProperty(process.stdout, 'write');
    }
    expect(printed.filter((text) => text !== '')).toEqual(['outside\n', '::add-mask::hush\n', 'after\n']);
  });
});
