import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { parseManifest } from '../../src/oci/manifest.ts';
import { ACCEPTED_MANIFESTS } from '../../src/oci/media-type.ts';
import { BLOBS, type BadRegistryOptions, MANIFESTS, startBadRegistry } from './bad-registry.ts';
import { one, ref, seededBytes } from './fixtures/index.ts';
import { basic, call } from './http.ts';
import { type Image, topOf } from './image.ts';

const image = one({ layerBytes: 200_000 });
const [, largest = new Uint8Array()] = [...image.blobs.values()].sort((a, b) => a.length - b.length);
const blobPath = `/v2/a/blobs/${digestOf(largest)}`;
const start = (options: BadRegistryOptions = {}): ReturnType<typeof startBadRegistry> =>
  startBadRegistry({ images: { 'a:1': image }, ...options });
const users = [{ username: 'u', password: 'p' }];

describe('manifests of the misbehaving registry', () => {
  it('are served whole, by tag and by digest', async () => {
    await using bad = await start();
    for (const reference of ['1', image.top]) {
      const { status, headers, body } = await call(`${bad.url}/v2/a/manifests/${reference}`);
      expect([status, digestOf(body), headers['docker-content-digest']]).toEqual([200, image.top, image.top]);
      expect(headers['content-type']).toBe(topOf(image).mediaType);
    }
  });

  it('can refuse HEAD, have a wrong digest or type header, and require every type in Accept', async () => {
    await using bad = await start({
      head: 405,
      digest: 'other',
      type: { parameters: 'charset=utf-8' },
      accept: 'strict',
    });
    const url = `${bad.url}/v2/a/manifests/1`;
    const accept = ACCEPTED_MANIFESTS.join(', ');
    expect((await call(url, { method: 'HEAD' })).status).toBe(405);
    expect((await call(url)).status).toBe(404);
    const { headers, body } = await call(url, { headers: { accept } });
    expect(digestOf(body)).toBe(image.top);
    expect(headers['docker-content-digest']).not.toBe(image.top);
    expect(headers['content-type']).toBe(`${topOf(image).mediaType}; charset=utf-8`);
    bad.misbehave({ digest: 'none', type: { value: 'application/octet-stream' } });
    const plain = await call(url);
    expect(plain.headers['docker-content-digest']).toBeUndefined();
    expect(plain.headers['content-type']).toBe('application/octet-stream');
  });

  it('can be a web page, and fail a number of times', async () => {
    const failure = { kind: 'status', status: 429, headers: { 'retry-after': '1' } } as const;
    await using bad = await start({ faults: [{ path: MANIFESTS, times: 2, failure }] });
    const url = `${bad.url}/v2/a/manifests/1`;
    const statuses = [await call(url), await call(url), await call(url)].map(({ status }) => status);
    expect(statuses).toEqual([429, 429, 200]);
    bad.misbehave({ faults: [{ path: MANIFESTS, failure: { kind: 'html' } }] });
    expect((await call(url)).body.toString()).toMatch(/^<!DOCTYPE html>/);
  });

  it('can fail once so many have passed, and give the right bytes under headers that are false', async () => {
    const headers = { 'docker-content-digest': 'sha256:other' };
    const fault = { path: MANIFESTS, after: 1, times: 1, failure: { kind: 'headers', headers } } as const;
    await using bad = await start({ faults: [fault] });
    const url = `${bad.url}/v2/a/manifests/1`;
    const answers = [await call(url), await call(url), await call(url)];
    expect(answers.map((answer) => answer.headers['docker-content-digest'])).toEqual([
      image.top,
      'sha256:other',
      image.top,
    ]);
    expect(answers.map(({ body }) => digestOf(body))).toEqual([image.top, image.top, image.top]);
  });
});

describe('blobs of the misbehaving registry', () => {
  it('are served in ranges', async () => {
    await using bad = await start();
    const { status, headers, body } = await call(bad.url + blobPath, { headers: { range: 'bytes=100000-' } });
    expect([status, headers['content-range']]).toEqual([
      206,
      `bytes 100000-${largest.length - 1}/${largest.length}`,
    ]);
    expect(body.equals(largest.subarray(100_000))).toBe(true);
    bad.misbehave({ ranges: false });
    expect((await call(bad.url + blobPath, { headers: { range: 'bytes=5-' } })).status).toBe(200);
  });

  it.each([
    ['cut', { kind: 'cut', at: 0.5 }, /aborted/],
    ['reset', { kind: 'reset', at: 0.5 }, /aborted|ECONNRESET/],
    ['longer than they are', { kind: 'length', by: 10 }, /aborted/],
  ] as const)('are %s', async (_, failure, message) => {
    await using bad = await start({ faults: [{ path: BLOBS, failure }] });
    await expect(call(bad.url + blobPath)).rejects.toThrow(message);
    expect((await bad.request({ kind: 'blob' })).bytes).toBeLessThanOrEqual(largest.length);
  });

  it('can have wrong bytes, or fewer than their length says', async () => {
    await using bad = await start({ faults: [{ path: BLOBS, failure: { kind: 'flip' } }] });
    const flipped = await call(bad.url + blobPath);
    expect(flipped.body.length).toBe(largest.length);
    expect(digestOf(flipped.body)).not.toBe(digestOf(largest));
    bad.misbehave({ faults: [{ path: BLOBS, failure: { kind: 'length', by: -10 } }] });
    expect((await call(bad.url + blobPath)).body.length).toBe(largest.length - 10);
  });

  it('can stop until a promise settles', async () => {
    const gate = Promise.withResolvers<void>();
    await using bad = await start({
      faults: [{ path: BLOBS, failure: { kind: 'stall', at: 0.5, until: gate.promise } }],
    });
    const answer = call(bad.url + blobPath);
    const asked = await bad.request({ kind: 'blob' }, 'arrival');
    expect(asked.ended).toBeUndefined();
    gate.resolve();
    expect(digestOf((await answer).body)).toBe(digestOf(largest));
    expect((await bad.request({ kind: 'blob' })).bytes).toBe(largest.length);
  });

  it('can be slow', async () => {
    await using bad = await start({
      faults: [{ path: BLOBS, failure: { kind: 'rate', bytesPerSecond: 2_000_000 } }],
    });
    await call(bad.url + blobPath);
    const { began, ended = 0 } = await bad.request({ kind: 'blob' });
    expect(ended - began).toBeGreaterThan(30);
  });

  it('can be endless', async () => {
    await using bad = await start({ faults: [{ path: BLOBS, failure: { kind: 'endless' } }] });
    const response = await new Promise<IncomingMessage>((resolve) => get(bad.url + blobPath, resolve));
    let bytes = 0;
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > 4 * largest.length) response.destroy();
    });
    await once(response, 'close');
    expect(bytes).toBeGreaterThan(4 * largest.length);
  });
});

describe('redirects of the misbehaving registry', () => {
  it('lead to a port that refuses Authorization or HEAD, or to another path', async () => {
    await using bad = await start({ redirect: { of: 'both', refuses: 'authorization' } });
    const { status, headers } = await call(bad.url + blobPath);
    const location = headers.location ?? '';
    expect([status, location]).toEqual([307, `http://${bad.otherHost}${blobPath}`]);
    expect((await call(location, { headers: { authorization: 'Basic x' } })).status).toBe(400);
    expect((await call(location)).body.length).toBe(largest.length);
    expect(bad.requests().map(({ port, authorization }) => [port, authorization])).toEqual([
      ['first', false],
      ['second', true],
      ['second', false],
    ]);
    bad.misbehave({ redirect: { of: 'manifests', refuses: 'head', location: 'relative' } });
    expect((await call(location, { method: 'HEAD' })).status).toBe(403);
    const relative = (await call(`${bad.url}/v2/a/manifests/1`)).headers.location ?? '';
    expect(digestOf((await call(new URL(relative, bad.url))).body)).toBe(image.top);
  });
});

describe('authentication of the misbehaving registry', () => {
  const manifest = '/v2/a/manifests/1';

  it('offers its schemes, in one header line or several', async () => {
    await using bad = await start({ auth: { scheme: 'negotiate+basic', users } });
    const refused = await call(bad.url + manifest);
    expect(refused.status).toBe(401);
    const headers = { authorization: basic({ username: 'u', password: 'p' }) };
    expect((await call(bad.url + manifest, { headers })).status).toBe(200);
    bad.misbehave({ auth: { scheme: 'both', oneLine: true, users } });
    const challenge = (await call(bad.url + manifest)).headers['www-authenticate'] ?? '';
    expect(challenge).toMatch(/^Basic realm="bad registry", Bearer realm="http:\/\/127\.0\.0\.1:\d+\/token"/);
    bad.misbehave({ auth: { scheme: 'basic', users, loop: true } });
    expect((await call(bad.url + manifest, { headers })).status).toBe(401);
  });

  it('gives tokens for one repository, under either field name, that expire', async () => {
    const token = { field: 'access_token', lifetime: 0, saysLifetime: false } as const;
    await using bad = await start({ auth: { scheme: 'bearer', users } });
    const headers = { authorization: basic({ username: 'u', password: 'p' }) };
    const ask = async (scope: string): Promise<string> =>
      (await call(`${bad.url}/token?scope=${scope}`, { headers })).body.toString();
    const bearer = (answer: string): { headers: { authorization: string } } => ({
      headers: { authorization: `Bearer ${/[\w-]{36}/.exec(answer)?.[0]}` },
    });
    const good = await ask('repository:a:pull');
    expect(good).toMatch(/^\{"token":.*"expires_in":300/);
    expect((await call(bad.url + manifest, bearer(good))).status).toBe(200);
    expect((await call(bad.url + manifest, bearer(await ask('repository:b:pull')))).status).toBe(401);
    expect((await call(`${bad.url}/token?scope=x`)).status).toBe(401);
    bad.misbehave({ auth: { scheme: 'bearer', users, token } });
    const ended = await ask('repository:a:pull');
    expect(ended).toMatch(/^\{"access_token":"[^"]+"\}$/);
    await expect.poll(async () => (await call(bad.url + manifest, bearer(ended))).status).toBe(401);
  });

  it('lets anonymous clients in, but not stale credentials', async () => {
    await using bad = await start({ auth: { scheme: 'basic', users: () => [], anonymous: true } });
    const headers = { authorization: basic({ username: 'u', password: 'old' }) };
    expect((await call(bad.url + manifest, { headers })).status).toBe(401);
    expect((await call(bad.url + manifest)).status).toBe(200);
  });
});

describe('tags of the misbehaving registry', () => {
  const many = (count: number): Record<string, Image> =>
    Object.fromEntries(
      Array.from({ length: count }, (_, at) => [`org/a:t${String(at).padStart(3, '0')}`, image]),
    );

  it.each([
    ['relative', /^<\/v2\/org\/a\/tags\/list\?last=t008&n=10>; rel="next"$/],
    ['absolute', /^<http:\/\/127\.0\.0\.1:\d+\/v2\/org\/a\/tags/],
    ['bare', /^\/v2\/org\/a\/tags\/list\?last=t008&n=10; rel/],
    ['lostprefix', /^<\/v2\/a\/tags/],
    ['loop', /^<\/v2\/org\/a\/tags\/list\?last=&n=10>/],
  ] as const)('have a %s link to the next page', async (link, header) => {
    await using bad = await startBadRegistry({
      images: many(15),
      tags: { pageSize: 10, link, junk: ['bad tag'] },
    });
    const first = await call(`${bad.url}/v2/org/a/tags/list`);
    expect(first.headers['link']).toMatch(header);
    expect(first.body.toString()).toContain('bad tag');
    if (link !== 'relative') return;
    const second = await call(`${bad.url}/v2/org/a/tags/list?last=t008&n=10`);
    expect(second.headers['link']).toBeUndefined();
    expect(second.body.toString()).toContain('t014');
  });
});

describe('referrers of the misbehaving registry', () => {
  it('are listed, absent, or a redirect to a web page', async () => {
    const { subject, signature, sbom } = ref({ layerBytes: 1000 });
    await using bad = await startBadRegistry({ images: { 'a:1': subject } });
    bad.put('a', signature);
    bad.put('a', sbom);
    const url = `${bad.url}/v2/a/referrers/${subject.top}`;
    const index = parseManifest((await call(url)).body);
    if (index.kind !== 'index') throw new Error('no index');
    expect(index.manifests.map(({ digest }) => digest)).toEqual([signature.top, sbom.top]);
    bad.misbehave({ referrers: '303' });
    expect((await call(url)).headers.location).toBe(`http://${bad.otherHost}/packages`);
    bad.misbehave({ referrers: 429 });
    expect((await call(url)).status).toBe(429);
  });
});

describe('seededBytes', () => {
  it('differ with the seed alone', () => {
    expect(seededBytes('a', 64)).toEqual(seededBytes('a', 64));
    expect(seededBytes('a', 64)).not.toEqual(seededBytes('b', 64));
  });
});
