import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { judgeWords } from '../../src/cache/actions/save-entry.ts';
import type { SaveOutcome } from '../../src/cache/port.ts';
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
    const [unnamed, invalid] = [
      'this runner names no cache service',
      'the address of the cache service is not an http or https URL',
    ];
    expect(findService({})).toEqual({ missing: unnamed });
    expect(findService({ ...V2, ACTIONS_RESULTS_URL: '' })).toEqual({ missing: unnamed });
    expect(findService({ ...V1, ACTIONS_CACHE_URL: '' })).toEqual({ missing: unnamed });
    for (const url of ['file:///etc', 'nonsense', 'xhttp://a', 'httpsx://a'])
      expect(findService({ ...V2, ACTIONS_RESULTS_URL: url })).toEqual({ missing: invalid });
  });

  it('has a token, which a local one of the older kind does without', () => {
    expect(findService({ ...V2, ACTIONS_RUNTIME_TOKEN: '' })).toEqual({
      missing: 'this runner gives no token for its cache service',
    });
    expect(findService(V2)).toHaveProperty('token', 't');
    expect(findService({ ...V1, ACTIONS_RUNTIME_TOKEN: undefined })).toMatchObject({
      protocol: 'v1',
      token: '',
    });
  });

  it.each([
    ['https://GitHub.com', 'v2'],
    ['', 'v2'],
    ['http://runner.localhost', 'v2'],
    ['https://ghe.com', 'v1'],
    ['https://notgithub.com', 'v1'],
    ['https://github.com.example', 'v1'],
    ['nonsense', 'v1'],
  ])('of the server %j has the protocol %s', (server, protocol) => {
    expect(findService({ ...V2, GITHUB_SERVER_URL: server })).toHaveProperty('protocol', protocol);
  });

  it.each([
    ['', true, true],
    ['none', false, false],
    ['read', true, false],
    ['write', true, true],
    ['WRITE', true, true],
    ['write-only', false, true],
    [undefined, true, true],
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
    // What @actions/cache computes is what is found.
    expect(versions[0]).toBe(createHash('sha256').update('a|gzip|1.0').digest('hex'));
    expect(versions[3]).toBe(createHash('sha256').update('a|gzip|windows-only|1.0').digest('hex'));
  });
});

const READ_ONLY =
  'this run may read the cache and not write it (cache write denied: read-only): runs of pull requests from forks, and those that untrusted people can start, may not';
const OFTEN = (when: string): string =>
  `the repository saves too often${when} (429); fewer jobs at once, or cache-mode: read in most of them, helps`;
const USED_UP =
  'the storage that the account pays for is used up; delete caches, or raise the limit in its billing settings';

describe('the output of @actions/cache', () => {
  it.each<[string, SaveOutcome['kind'], string?]>([
    [
      '::warning::Failed to save: Unable to reserve cache with key k. More details: cache write denied: read-only\nmore\n',
      'denied',
      READ_ONLY,
    ],
    [
      '{"msg":"Cache Write Denied:\t read-only "}',
      'denied',
      READ_ONLY.replace('cache write denied', 'Cache Write Denied'),
    ],
    [
      "::warning::You've hit a rate limit, your rate limit will reset in 60 seconds\nFailed to save: Unable to reserve cache with key k, another job may be creating this cache.\n",
      'limited',
      OFTEN(', for the next 60 s'),
    ],
    [
      '::debug::Failed to reserve cache: Error: Failed to CreateCacheEntry: Rate limited: Failed request: (429) Too Many\n',
      'limited',
      OFTEN(''),
    ],
    ['Failed to save: 429\n', 'limited', OFTEN('')],
    [
      '::debug::Failed to reserve cache: Error: Failed to CreateCacheEntry: Cache storage quota has been hit. Unable\n',
      'limited',
      USED_UP,
    ],
    ['Failed to save: Insufficient usage\n', 'limited', USED_UP],
    [
      '::debug::Failed to reserve cache: Error: Received non-retryable error: Failed request: (409) Conflict: taken\n',
      'exists',
    ],
    ['Failed to save: it already exists\n', 'exists'],
    [
      'Failed to save: Unable to reserve cache with key k, another job may be creating this cache.\n',
      'failed',
      'Failed to save: Unable to reserve cache with key k',
    ],
    ['Failed to save: k another job may be saving this cache', 'failed', 'Failed to save: k'],
    [
      '::warning::Failed to save: one\n::warning::Failed to save: two\n::debug::more\nlast\n',
      'failed',
      'Failed to save: two',
    ],
    [
      '::debug::Failed to reserve cache: why\n::warning::Failed to save: x\nlast\n',
      'failed',
      'Failed to reserve cache: why',
    ],
    ['first\n  a \u001B[31mred\r line  \n::debug::more\n\n', 'failed', 'a [31mred line'],
    ['::debug::alone\n', 'failed', 'it says nothing'],
    ['x'.repeat(301), 'failed', 'x'.repeat(300)],
    ['', 'failed', 'it says nothing'],
  ])('%j means %s', (words, kind, reason) => {
    expect(judgeWords(words)).toEqual({ kind, ...(reason === undefined ? {} : { reason }) });
  });

  /** What a stream prints, and by which function, while a test has its place. */
  async function printing(
    stream: NodeJS.WriteStream,
    work: (printed: string[]) => Promise<void>,
  ): Promise<void> {
    const printed: string[] = [];
    const own = Object.getOwnPropertyDescriptor(stream, 'write');
    const write = (
      chunk: string | Uint8Array,
      encoding?: BufferEncoding | ((error?: Error | null) => void),
      done?: (error?: Error | null) => void,
    ): boolean => {
      if (chunk.length > 0) printed.push(String(chunk));
      (typeof encoding === 'function' ? encoding : done)?.();
      return true;
    };
    stream.write = write;
    try {
      await work(printed);
      expect(Object.getOwnPropertyDescriptor(stream, 'write')?.value).toBe(write);
    } finally {
      if (own) Object.defineProperty(stream, 'write', own);
      else Reflect.deleteProperty(stream, 'write');
    }
  }

  it.each(['stdout', 'stderr'] as const)(
    'is captured on %s, except for masks, while other output is printed',
    async (name) => {
      const stream = process[name];
      await printing(stream, async (printed) => {
        const opened = Promise.withResolvers<void>();
        const capturing = captureOutput(async () => {
          stream.write('::warning::inside\n');
          await opened.promise;
          stream.write('::add-mask::hush\nand more\n');
          return 7;
        });
        stream.write('outside\n');
        opened.resolve();
        expect(await capturing).toEqual({ result: 7, words: '::warning::inside\nand more\n' });
        stream.write('after\n');
        expect(printed).toEqual(['outside\n', '::add-mask::hush\n', 'after\n']);
      });
    },
  );

  it('is captured as bytes, too, and whoever waits for its end is called', async () => {
    await printing(process.stdout, async (printed) => {
      let ended = 0;
      const done = (): void => void (ended += 1);
      const { words } = await captureOutput(async () => {
        process.stdout.write(Buffer.from('a'));
        process.stdout.write('b', done);
        process.stdout.write('c', 'utf8', done);
      });
      process.stdout.write('outside', 'utf8', done);
      expect([words, ended, printed]).toEqual(['abc', 3, ['outside']]);
    });
  });

  it('of two calls at once is told apart, and printed again after the last of them', async () => {
    await printing(process.stdout, async (printed) => {
      const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const;
      const [first, second] = gates.map((gate, at) =>
        captureOutput(async () => {
          process.stdout.write(`${at} begins. `);
          await gate.promise;
          process.stdout.write(`${at} ends.`);
        }),
      );
      gates[0].resolve();
      expect((await first)?.words).toBe('0 begins. 0 ends.');
      gates[1].resolve();
      expect((await second)?.words).toBe('1 begins. 1 ends.');
      expect(printed).toEqual([]);
    });
  });

  it('is printed again after a call that failed', async () => {
    await printing(process.stdout, async (printed) => {
      const broken = new Error('broken');
      await expect(captureOutput(() => Promise.reject(broken))).rejects.toBe(broken);
      process.stdout.write('after');
      expect(printed).toEqual(['after']);
    });
  });

  it('leaves the stream as it was, where nobody had changed it', async () => {
    const own = Object.getOwnPropertyDescriptor(process.stderr, 'write');
    Reflect.deleteProperty(process.stderr, 'write');
    try {
      await captureOutput(async () => {});
      expect(Object.hasOwn(process.stderr, 'write')).toBe(false);
    } finally {
      if (own) Object.defineProperty(process.stderr, 'write', own);
    }
  });
});
