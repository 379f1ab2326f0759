import { buffer } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { createServiceClient, type ServiceClient } from '../../src/cache/actions/client.ts';
import type { CacheService } from '../../src/cache/actions/service.ts';
import { failureOf } from '../support/failure.ts';
import { startStub, type Stub, type StubHandler } from '../support/registry-stub.ts';

let stub: Stub;
let client: ServiceClient;
afterEach(async () => {
  client.close();
  await stub.close();
});

let secrets: string[];
async function start(
  handler: StubHandler,
  service: Partial<Pick<CacheService, 'protocol' | 'token'>> & { readonly path?: string } = {},
): Promise<void> {
  const { protocol = 'v1', token = 'token', path = '' } = service;
  stub = await startStub(handler);
  secrets = [];
  client = createServiceClient(
    { protocol, url: new URL(`${stub.url}/${path}`), token },
    { env: {}, onSecret: (secret) => secrets.push(secret), onWarning: () => {}, stallMilliseconds: 100 },
  );
}

describe('the client of the cache service', () => {
  it('makes three requests of a look-up that always fails (found A13, B15)', async () => {
    await start((_, response) => void response.writeHead(503, { 'retry-after': '0' }).end());
    expect((await failureOf(client.find('key', 'version', undefined))).code).toBe('network');
    expect(stub.requests).toHaveLength(3);
  });

  it.each<[string, StubHandler]>([
    ['429', (_, response) => void response.writeHead(429, { 'retry-after': '0' }).end()],
    ['a stall', (_, response) => void response.writeHead(200, { 'content-length': 10 }).write('x')],
  ])('makes three requests of an archive that always ends in %s (found A13, B15)', async (_, handler) => {
    await start(handler);
    const url = new URL(`${stub.url}/archive?signature=secret`);
    expect((await failureOf(buffer(client.download(url, 100, undefined)))).code).toBe('network');
    expect(stub.requests).toHaveLength(3);
  });

  it('found K4: leaves an archive that comes at a byte now and then, wherever it is read on', async () => {
    const drips: NodeJS.Timeout[] = [];
    await start(({ headers }, response) => {
      const from = Number(/\d+/.exec(headers.range ?? '0')?.[0]);
      if (from === 0) response.writeHead(200, { 'content-length': 1_000_000 });
      else response.writeHead(206, { 'content-range': `bytes ${from}-999999/1000000` });
      drips.push(setInterval(() => response.write('x'), 5));
    });
    try {
      const error = await failureOf(buffer(client.download(new URL(`${stub.url}/a`), 1_000_000, undefined)));
      expect(error.message).toMatch(/too slow/);
      expect(stub.requests).toHaveLength(3);
    } finally {
      drips.forEach((drip) => clearInterval(drip));
    }
  });

  const METHOD = '/twirp/github.actions.results.api.v1.CacheService/GetCacheEntryDownloadURL';

  it('asks the newer service by its method alone, and reads both spellings of its answer', async () => {
    const answers = [
      { ok: true, signed_download_url: 'https://x.example/a?sig=1', matched_key: 'key-a' },
      { ok: true, signedDownloadUrl: 'https://x.example/b', matchedKey: 'key-b' },
      { ok: false, signed_download_url: 'https://x.example/a' },
      { signed_download_url: 'https://x.example/a' },
      { ok: true, signed_download_url: '' },
    ];
    const handler: StubHandler = (_, response, nth) => void response.end(JSON.stringify(answers[nth - 1]));
    await start(handler, { protocol: 'v2', path: 'some/where/' });
    const found = [];
    for (const _ of answers) found.push(await client.find('key', 'version', undefined));
    expect(found.map((entry) => entry && [entry.key, entry.url.href])).toEqual([
      ['key-a', 'https://x.example/a?sig=1'],
      ['key-b', 'https://x.example/b'],
      undefined,
      undefined,
      undefined,
    ]);
    expect(secrets).toEqual(['sig=1']);
    const [request] = stub.requests;
    expect(request).toMatchObject({ method: 'POST', path: METHOD });
    expect(request?.headers).toMatchObject({
      authorization: 'Bearer token',
      'content-type': 'application/json',
    });
    expect(JSON.parse(request?.body ?? '')).toEqual({
      key: 'key',
      restore_keys: ['key'],
      version: 'version',
    });
  });

  it('asks the older service by its address, without a token where there is none', async () => {
    const body = JSON.stringify({ archiveLocation: 'http://x.example/a?s', cacheKey: 'key & more' });
    const handler: StubHandler = (_, response, nth) =>
      void (nth === 1 ? response.end(body) : response.writeHead(204).end());
    await start(handler, { path: 'base/', token: '' });
    expect(await client.find('key & more', 'v', undefined)).toEqual({
      key: 'key & more',
      url: new URL('http://x.example/a?s'),
    });
    expect(await client.find('other', 'v', undefined)).toBeUndefined();
    const [request] = stub.requests;
    expect([request?.method, request?.path]).toEqual(['GET', '/base/_apis/artifactcache/cache']);
    expect([request?.query.get('keys'), request?.query.get('version')]).toEqual(['key & more', 'v']);
    expect(request?.headers.accept).toBe('application/json;api-version=6.0-preview.1');
    expect(request?.headers.authorization).toBeUndefined();
  });

  const located = (address: string): string => JSON.stringify({ archiveLocation: address, cacheKey: 'k' });
  it.each([
    ['no JSON', 'x', 'sent bytes that are not JSON'],
    ['too much', ' '.repeat(65 * 1024), 'sent a response that is too long'],
    ['no address', located('nonsense'), 'sent an address that is not valid'],
    ['the address of a file', located('file:///etc/passwd'), 'sent an address that is not valid'],
  ])('refuses %s', async (_, body, message) => {
    await start((__, response) => void response.end(body));
    expect(await failureOf(client.find('k', 'v', undefined))).toMatchObject({
      code: 'unsupported',
      message: `the cache service ${message}`,
    });
  });

  it.each(['v1', 'v2'] as const)(
    'says what the service refuses by %s, and never the token',
    async (protocol) => {
      await start((_, response) => void response.writeHead(403).end('no token for you'), { protocol });
      const error = await failureOf(client.find('k', 'v', undefined));
      expect([error.code, error.message]).toEqual([
        'denied',
        expect.stringMatching(/^the cache service.*403/),
      ]);
      expect(error.message).not.toContain('token');
    },
  );

  it('reads an archive on from where it was cut, and not beyond what it may have', async () => {
    const bytes = Buffer.from('0123456789');
    await start(({ headers }, response, nth) => {
      const from = Number(/\d+/.exec(headers.range ?? '0')?.[0]);
      if (nth > 1) response.writeHead(206, { 'content-range': `bytes ${from}-9/10` });
      else response.writeHead(200, { 'content-length': '10' });
      const rest = bytes.subarray(from, nth > 1 ? 10 : 4);
      response.write(rest, () => (nth > 1 ? response.end() : response.destroy()));
    });
    const url = new URL(`${stub.url}/a`);
    expect(String(await buffer(client.download(url, 10, undefined)))).toBe('0123456789');
    expect(stub.requests.map(({ headers }) => headers.range)).toEqual([undefined, 'bytes=4-']);
    expect(stub.requests[0]?.headers.authorization).toBeUndefined();
    const long = await failureOf(buffer(client.download(url, 5, undefined)));
    expect(long).toMatchObject({
      code: 'digest',
      message: 'an entry of the cache has more than the 5 bytes that it may have',
    });
  });

  it('reads the whole again where a server cannot give the rest, and passes over what it has', async () => {
    await start(({ headers }, response, nth) => {
      if (headers.range !== undefined) return void response.writeHead(416).end();
      response.writeHead(200, { 'content-length': '10' });
      response.write(nth === 1 ? '0123' : '0123456789', () =>
        nth === 1 ? response.destroy() : response.end(),
      );
    });
    const url = new URL(`${stub.url}/a`);
    expect(String(await buffer(client.download(url, 10, undefined)))).toBe('0123456789');
    expect(stub.requests.map(({ headers }) => headers.range)).toEqual([undefined, 'bytes=4-', undefined]);
  });

  it('refuses a rest that makes more than an archive may have', async () => {
    await start((_, response, nth) => {
      if (nth === 1) response.writeHead(200).write('0123', () => response.destroy());
      else response.writeHead(206, { 'content-range': 'bytes 4-10/*' }).end('456789X');
    });
    const failure = await failureOf(buffer(client.download(new URL(`${stub.url}/a`), 10, undefined)));
    expect(failure.message).toBe('an entry of the cache has more than the 10 bytes that it may have');
  });

  it('never says the signature of an address that is refused', async () => {
    await start(({ query }, response) => void response.writeHead(403).end(`no: ${query.toString()}`));
    const url = new URL(`${stub.url}/a?sig=secret`);
    const failure = await failureOf(buffer(client.download(url, 10, undefined)));
    expect([failure.code, failure.message]).toEqual([
      'denied',
      expect.stringMatching(/^an entry of the cache.*403.*no: /),
    ]);
    expect(failure.message).not.toContain('secret');
  });

  it.each<[string, 'v1' | 'v2', (signal: AbortSignal) => Promise<unknown>]>([
    ['a look-up', 'v1', (signal) => client.find('k', 'v', signal)],
    ['a look-up', 'v2', (signal) => client.find('k', 'v', signal)],
    ['an archive', 'v2', (signal) => buffer(client.download(new URL(`${stub.url}/a`), 10, signal))],
  ])('stops %s of %s with the run', async (_, protocol, work) => {
    const stop = new AbortController();
    const reason = new Error('stopped');
    await start(() => stop.abort(reason), { protocol });
    await expect(work(stop.signal)).rejects.toBe(reason);
    expect(stub.requests).toHaveLength(1);
  });
});
