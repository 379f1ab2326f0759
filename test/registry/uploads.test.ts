import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { type Digest, digestOf } from '../../src/oci/digest.ts';
import { OCI_MANIFEST } from '../../src/oci/media-type.ts';
import type { BlobContent } from '../../src/registry/index.ts';
import { basic } from '../support/http.ts';
import { jsonBytes } from '../support/image.ts';
import { listen } from '../support/listen.ts';
import { type PushRegistry, startPushRegistry } from '../support/push-registry.ts';
import { answerError, startStub } from '../support/registry-stub.ts';
import { always, clientOf, failureOf, repositoryAt } from './support.ts';

const MIB = 1024 * 1024;

/** A blob of random bytes; `opened` has the ranges that were read. */
function blobOf(size: number): BlobContent & { readonly bytes: Buffer; readonly opened: [number, number][] } {
  const bytes = randomBytes(size);
  const opened: [number, number][] = [];
  return {
    digest: digestOf(bytes),
    size,
    bytes,
    opened,
    open: (start, end) => {
      opened.push([start, end]);
      const slices = function* (): Generator<Buffer> {
        for (let at = start; at < end; at += 65536) yield bytes.subarray(at, Math.min(end, at + 65536));
      };
      return Readable.from(slices(), { objectMode: false });
    },
  };
}

/** Whether the bytes are there: comparing them by `toEqual` takes seconds. */
function hasBlob({ contents }: PushRegistry, { digest, bytes }: { digest: Digest; bytes: Buffer }): boolean {
  return contents.at('team/app').blobs.get(digest)?.equals(bytes) === true;
}

const methods = (requests: readonly { readonly method: string; readonly status: number }[]): string[] =>
  requests.map(({ method, status }) => `${method} ${status}`);

describe('an upload', () => {
  it('of a small blob is begun, and ended with its bytes', async () => {
    await using registry = await startPushRegistry();
    using client = clientOf([registry]);
    const blob = blobOf(1000);
    const moved: number[] = [];
    await client.sendBlob(repositoryAt(registry), blob, { onBytes: (delta) => moved.push(delta) });
    expect(methods(registry.requests())).toEqual(['POST 202', 'PUT 201']);
    const [, put] = registry.requests();
    expect(put?.headers).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-length': '1000',
    });
    // The registry's own query comes back as it was written.
    expect(put?.path).toContain(`?_state=a%2Fb%3D&digest=${encodeURIComponent(blob.digest)}`);
    expect(moved.reduce((sum, delta) => sum + delta, 0)).toBe(1000);
    expect(hasBlob(registry, blob)).toBe(true);
  });

  it.each([
    [1, 'is made once more'],
    [2, 'fails, though it may be tried more often'],
  ])('of which the registry says %i times that other bytes came %s', async (times) => {
    await using registry = await startPushRegistry({ spoil: { times } });
    using client = clientOf([registry], { retries: 5 });
    const blob = blobOf(1000);
    const sending = client.sendBlob(repositoryAt(registry), blob);
    if (times === 1) await sending;
    else expect((await failureOf(sending)).code).toBe('digest');
    expect(hasBlob(registry, blob)).toBe(times === 1);
    expect(registry.requests({ method: 'PUT' })).toHaveLength(2);
  });

  it('of a large blob is streamed with its length, then ended', async () => {
    await using registry = await startPushRegistry({ location: 'absolute' });
    using client = clientOf([registry]);
    const blob = blobOf(5 * MIB);
    await client.sendBlob(repositoryAt(registry), blob);
    expect(methods(registry.requests())).toEqual(['POST 202', 'PATCH 202', 'PUT 201']);
    const [, patch] = registry.requests();
    expect(patch?.headers).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-length': String(5 * MIB),
    });
    expect(patch?.headers['content-range']).toBeUndefined();
    expect(patch?.headers['transfer-encoding']).toBeUndefined();
  });

  it('of no bytes is ended at once', async () => {
    await using registry = await startPushRegistry();
    using client = clientOf([registry]);
    const blob = blobOf(0);
    await client.sendBlob(repositoryAt(registry), blob);
    expect(registry.contents.at('team/app').blobs.has(blob.digest)).toBe(true);
    expect(blob.opened).toEqual([]);
  });

  it('that was cut goes on where the registry says, in parts', async () => {
    await using registry = await startPushRegistry({ cut: { times: 1, after: 6 * MIB, keeps: true } });
    using client = clientOf([registry]);
    const blob = blobOf(10 * MIB);
    const moved: number[] = [];
    await client.sendBlob(repositoryAt(registry), blob, { onBytes: (delta) => moved.push(delta) });
    expect(hasBlob(registry, blob)).toBe(true);
    const all = registry.requests();
    expect(methods(all).slice(0, 3)).toEqual(['POST 202', 'PATCH 0', 'GET 204']);
    const ranges = all
      .filter(({ method }) => method === 'PATCH')
      .map(({ headers }) => headers['content-range']);
    expect(ranges[1]?.startsWith(`${6 * MIB}-`)).toBe(true);
    expect(ranges.length).toBeGreaterThan(2);
    expect(moved.reduce((sum, delta) => sum + delta, 0)).toBe(10 * MIB);
  });

  it('that the registry has lost begins anew', async () => {
    await using registry = await startPushRegistry({ cut: { times: 1, after: MIB, keeps: false } });
    using client = clientOf([registry]);
    const blob = blobOf(5 * MIB);
    const moved: number[] = [];
    const told: string[] = [];
    await client.sendBlob(repositoryAt(registry), blob, {
      onBytes: (delta) => moved.push(delta),
      onRetry: (message) => told.push(message),
    });
    expect(hasBlob(registry, blob)).toBe(true);
    expect(methods(registry.requests()).slice(0, 5)).toEqual([
      'POST 202',
      'PATCH 0',
      'GET 404',
      'HEAD 404',
      'POST 202',
    ]);
    expect(moved.reduce((sum, delta) => sum + delta, 0)).toBe(5 * MIB);
    expect(told.join()).toMatch(/blob sha256:[0-9a-f]{12}.*attempt 2 of 4/);
  });

  it.each([1000, 5 * MIB])('of %d bytes that is forgotten between two requests begins anew', async (size) => {
    await using registry = await startPushRegistry({ forget: { times: 2 } });
    using client = clientOf([registry]);
    const blob = blobOf(size);
    await client.sendBlob(repositoryAt(registry), blob);
    expect(hasBlob(registry, blob)).toBe(true);
  });

  it('whose end was done and not told is not sent again', async () => {
    await using registry = await startPushRegistry({ mute: { times: 1 } });
    using client = clientOf([registry]);
    const blob = blobOf(5 * MIB);
    await client.sendBlob(repositoryAt(registry), blob);
    expect(methods(registry.requests())).toEqual(['POST 202', 'PATCH 202', 'PUT 0', 'GET 404', 'HEAD 200']);
  });

  it('goes in parts to a server that ends every request after some bytes', async () => {
    await using registry = await startPushRegistry({ cut: { times: 99, after: 3 * MIB, keeps: false } });
    using client = clientOf([registry]);
    const blob = blobOf(12 * MIB);
    await client.sendBlob(repositoryAt(registry), blob);
    expect(hasBlob(registry, blob)).toBe(true);
    expect(methods(registry.requests()).filter((line) => line === 'PATCH 0')).toHaveLength(1);
  });

  it('goes whole again to a registry that takes no parts', async () => {
    let cut = 0;
    const blob = blobOf(5 * MIB);
    await using stub = await startStub(({ method, path, headers, body }, response) => {
      const location = { location: `${path.replace(/\/$/, '')}/1` };
      if (method === 'POST') return void response.writeHead(202, location).end();
      if (method === 'HEAD' || method === 'GET')
        return answerError(response, 404, 'BLOB_UPLOAD_UNKNOWN', 'no');
      if (method === 'PUT') return void response.writeHead(201).end();
      if (headers['content-range'] !== undefined)
        return answerError(response, 400, 'UNSUPPORTED', 'no parts');
      cut += 1;
      if (cut === 1) return void response.socket?.resetAndDestroy();
      expect(body.length).toBeGreaterThan(0);
      return void response.writeHead(202, location).end();
    });
    using client = clientOf([stub]);
    await client.sendBlob(repositoryAt(stub), blob);
    expect(cut).toBe(2);
  });

  it('that is out of step asks where it got to', async () => {
    await using registry = await startPushRegistry({
      faults: [{ method: 'PATCH', path: /uploads/, times: 1, status: 416 }],
    });
    using client = clientOf([registry]);
    const blob = blobOf(5 * MIB);
    await client.sendBlob(repositoryAt(registry), blob);
    expect(methods(registry.requests())).toEqual([
      'POST 202',
      'PATCH 416',
      'GET 204',
      'PATCH 202',
      'PUT 201',
    ]);
  });

  it('that is too large for a proxy is final, and named', async () => {
    await using registry = await startPushRegistry({ maxBody: MIB });
    using client = clientOf([registry]);
    const blob = blobOf(8 * MIB);
    const error = await failureOf(client.sendBlob(repositoryAt(registry), blob));
    expect(error.code).toBe('unsupported');
    expect(error.message).toContain(`blob ${blob.digest.slice(0, 19)}`);
    expect(error.message).toContain(`${8 * MIB} bytes`);
    expect(error.message).not.toContain('<html>');
    expect(error.hint).toContain('client_max_body_size');
    expect(methods(registry.requests())).toEqual(['POST 202', 'PATCH 413']);
  });

  it('of other bytes than its digest says is refused, twice', async () => {
    await using registry = await startPushRegistry();
    using client = clientOf([registry]);
    const blob = { ...blobOf(1000), digest: digestOf(Buffer.from('other')) };
    const error = await failureOf(client.sendBlob(repositoryAt(registry), blob));
    expect(error.code).toBe('digest');
    expect(methods(registry.requests())).toEqual(['POST 202', 'PUT 400', 'HEAD 404', 'POST 202', 'PUT 400']);
  });

  it('of a file that cannot be read is no fault of the network', async () => {
    await using registry = await startPushRegistry();
    using client = clientOf([registry]);
    const gone = (): Readable => {
      const stream = new Readable({ read() {} });
      stream.destroy(Object.assign(new Error('gone'), { code: 'ENOENT' }));
      return stream;
    };
    const error = await failureOf(client.sendBlob(repositoryAt(registry), { ...blobOf(1000), open: gone }));
    expect(error.code).toBe('local');
    expect(error.message).toContain('ENOENT');
  });

  it.each([500, 502, 503, 429])('is tried again after %d at any step', async (status) => {
    const faults = ['POST', 'PATCH', 'PUT'].map((method) => ({ method, path: /uploads/, times: 1, status }));
    await using registry = await startPushRegistry({ faults });
    using client = clientOf([registry]);
    const blob = blobOf(5 * MIB);
    await client.sendBlob(repositoryAt(registry), blob);
    expect(hasBlob(registry, blob)).toBe(true);
  });

  it('heeds Retry-After', async () => {
    await using registry = await startPushRegistry({
      faults: [{ method: 'PATCH', path: /uploads/, times: 1, status: 429, headers: { 'retry-after': '1' } }],
    });
    using client = clientOf([registry]);
    const began = performance.now();
    await client.sendBlob(repositoryAt(registry), blobOf(5 * MIB));
    expect(performance.now() - began).toBeGreaterThan(950);
  });

  it('ends where nothing is taken any more', async () => {
    await using stub = await startStub(({ method, path }, response) => {
      if (method === 'POST') response.writeHead(202, { location: `${path}1` }).end();
      // The stub reads whole bodies: PUT is read, and never answered.
    });
    using client = clientOf([stub], { requestMilliseconds: 100, retries: 0 });
    const error = await failureOf(client.sendBlob(repositoryAt(stub), blobOf(1000)));
    expect(error.code).toBe('network');
    expect(error.message).toContain('no answer');
  });

  it('found B6: ends where the registry reads no more of it', async () => {
    const server = createServer(({ method = '', url = '' }, response) => {
      if (method === 'GET') response.end();
      if (method === 'POST') response.writeHead(202, { location: `${url}1` }).end();
      // The body of PATCH is not read: the connection takes some megabytes, and then nothing.
    });
    const stub = await listen(server);
    using client = clientOf([stub], { requestMilliseconds: 200, retries: 0 });
    const sent: number[] = [];
    const sending = client.sendBlob(repositoryAt(stub), blobOf(24 * MIB), {
      onBytes: (bytes) => sent.push(bytes),
    });
    const error = await failureOf(sending);
    await stub.end();
    expect([error.code, error.message]).toEqual(['network', expect.stringContaining('no answer')]);
    // Nothing of it counts as sent.
    expect(sent.length).toBeGreaterThan(2);
    expect(sent.reduce((sum, bytes) => sum + bytes, 0)).toBe(0);
  });

  it('that goes on at another origin takes no credentials there', async () => {
    const user = { username: 'user', password: 'secret' };
    await using storage = await startPushRegistry();
    await using registry = await startPushRegistry({
      authorization: basic(user),
      location: { origin: storage.url },
    });
    using client = clientOf([registry, storage], { credentials: always(user), retries: 0 });
    // The session is not known there: what counts is what was sent.
    await failureOf(client.sendBlob(repositoryAt(registry), blobOf(1000)));
    expect(registry.requests().some(({ headers }) => headers.authorization !== undefined)).toBe(true);
    expect(storage.requests().map(({ headers }) => headers.authorization)).toEqual([undefined]);
  });

  it('follows 307 with its body, and leaves the credentials behind', async () => {
    const blob = blobOf(5 * MIB);
    await using storage = await startStub(({ method }, response) => {
      response.writeHead(method === 'PUT' ? 201 : 202).end();
    });
    await using stub = await startStub(({ method, path, headers }, response) => {
      if (headers.authorization === undefined) {
        return void response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
      }
      if (method === 'POST') return void response.writeHead(202, { location: `${path}1` }).end();
      return void response.writeHead(307, { location: `${storage.url}/store${path}` }).end();
    });
    using client = clientOf([stub, storage], { credentials: always({ username: 'u', password: 'pass' }) });
    await client.sendBlob(repositoryAt(stub), blob);
    expect(storage.requests.map(({ method }) => method)).toEqual(['PATCH', 'PUT']);
    expect(storage.requests.map(({ headers }) => headers['content-length'])).toEqual([String(5 * MIB), '0']);
    expect(storage.requests.some(({ headers }) => headers.authorization !== undefined)).toBe(false);
  });

  it('follows no redirect that would make it another request', async () => {
    await using stub = await startStub((_, response) => {
      response.writeHead(302, { location: '/elsewhere' }).end();
    });
    using client = clientOf([stub]);
    expect((await failureOf(client.beginUpload(repositoryAt(stub)))).code).toBe('unsupported');
    expect(stub.requests).toHaveLength(1);
  });
});

describe('an upload to a registry that takes large parts only without a range', () => {
  const cut = { times: 1, after: 18 * MIB, keeps: true };
  const WORDS = 'the request body is too large and exceeds the maximum permissible limit of 4.00MiB';

  it.each([
    [416, WORDS],
    [416, undefined],
    [413, undefined],
  ] as const)('found C3: by %i %j, is streamed anew where many parts are left', async (status, words) => {
    await using registry = await startPushRegistry({ cut, parts: { most: 4 * MIB, status, words } });
    using client = clientOf([registry]);
    const blob = blobOf(32 * MIB);
    const moved: number[] = [];
    await client.sendBlob(repositoryAt(registry), blob, { onBytes: (delta) => moved.push(delta) });
    expect(hasBlob(registry, blob)).toBe(true);
    expect(methods(registry.requests())).toEqual([
      'POST 202',
      'PATCH 0',
      'GET 204',
      `PATCH ${status}`,
      'GET 204',
      'POST 202',
      'PATCH 202',
      'PUT 201',
    ]);
    expect(moved.reduce((sum, delta) => sum + delta, 0)).toBe(32 * MIB);
  });

  it('found C3: goes on in parts of the size that is told where few are left, and the next blob knows', async () => {
    const parts = { most: 4 * MIB, status: 416, words: WORDS } as const;
    await using registry = await startPushRegistry({ cut, parts });
    using client = clientOf([registry]);
    await client.sendBlob(repositoryAt(registry), blobOf(28 * MIB));
    const lines = methods(registry.requests());
    expect(lines.length).toBeLessThan(10);
    expect(lines.filter((line) => line === 'PATCH 416')).toHaveLength(1);
    expect(lines.filter((line) => line === 'POST 202')).toHaveLength(1);
    registry.misbehave({ cut: { ...cut }, parts });
    registry.clear();
    const next = blobOf(28 * MIB);
    await client.sendBlob(repositoryAt(registry), next);
    expect(hasBlob(registry, next)).toBe(true);
    expect(methods(registry.requests())).not.toContain('PATCH 416');
  });

  it('found C3: that takes no parts at all, finds that out in under ten requests', async () => {
    await using registry = await startPushRegistry({ cut, parts: { most: 0, status: 416 } });
    using client = clientOf([registry]);
    const blob = blobOf(28 * MIB);
    await client.sendBlob(repositoryAt(registry), blob);
    expect(hasBlob(registry, blob)).toBe(true);
    expect(registry.requests().length).toBeLessThan(10);
  });

  it('found C3: that is cut again and again, goes in small parts in the end', async () => {
    await using registry = await startPushRegistry({
      cut: { times: 99, after: 17 * MIB, keeps: true },
      parts: { most: 4 * MIB, status: 416, words: WORDS },
    });
    using client = clientOf([registry]);
    const blob = blobOf(32 * MIB);
    await client.sendBlob(repositoryAt(registry), blob);
    expect(hasBlob(registry, blob)).toBe(true);
    expect(methods(registry.requests()).filter((line) => line === 'PATCH 0')).toHaveLength(2);
  });

  it('found C3: heeds the least size that it tells', async () => {
    await using registry = await startPushRegistry({
      leastPart: 5 * MIB,
      cut: { times: 1, after: 6 * MIB, keeps: true },
    });
    using client = clientOf([registry]);
    const blob = blobOf(14 * MIB);
    await client.sendBlob(repositoryAt(registry), blob);
    expect(methods(registry.requests())).toEqual([
      'POST 202',
      'PATCH 0',
      'GET 204',
      'PATCH 202',
      'PATCH 202',
      'PUT 201',
    ]);
  });

  it('found C3: heeds the largest size that it tells, from the start', async () => {
    await using registry = await startPushRegistry({ mostPart: 5 * MIB, maxBody: 5 * MIB });
    using client = clientOf([registry]);
    const blob = blobOf(14 * MIB);
    await client.sendBlob(repositoryAt(registry), blob);
    expect(hasBlob(registry, blob)).toBe(true);
    expect(methods(registry.requests()).filter((line) => line === 'PATCH 202')).toHaveLength(3);
  });
});

describe('an upload to a registry that ends none with bytes', () => {
  it.each([404, 405, 400])(
    'found C4: by %i, sends them before the end, and so for the next blobs at once',
    async (status) => {
      await using registry = await startPushRegistry({ putWithBytes: status });
      using client = clientOf([registry]);
      const [first, second] = [blobOf(1000), blobOf(2000)];
      await client.sendBlob(repositoryAt(registry), first);
      expect(methods(registry.requests())).toEqual([
        'POST 202',
        `PUT ${status}`,
        'HEAD 404',
        'POST 202',
        'PATCH 202',
        'PUT 201',
      ]);
      registry.clear();
      await client.sendBlob(repositoryAt(registry, 'other/app'), second);
      expect(methods(registry.requests())).toEqual(['POST 202', 'PATCH 202', 'PUT 201']);
      expect(hasBlob(registry, first)).toBe(true);
    },
  );

  it('found C4: is sent no further way where that is refused, too', async () => {
    await using registry = await startPushRegistry({
      faults: [{ method: 'PUT', path: /uploads/, times: 99, status: 405 }],
    });
    using client = clientOf([registry], { retries: 5 });
    const error = await failureOf(client.sendBlob(repositoryAt(registry), blobOf(1000)));
    expect(error.code).toBe('unsupported');
    expect(registry.requests({ method: 'PUT' })).toHaveLength(2);
  });
});

describe('a mount', () => {
  it('puts a blob from another repository, and asks for both in its token', async () => {
    await using registry = await startPushRegistry();
    using client = clientOf([registry]);
    const blob = blobOf(1000);
    await client.sendBlob(repositoryAt(registry, 'a/one'), blob);
    expect(await client.mountBlob(repositoryAt(registry, 'b/two'), blob.digest, 'a/one')).toBe(true);
    expect(registry.contents.at('b/two').blobs.has(blob.digest)).toBe(true);
    expect(registry.requests().at(-1)?.path).toBe(
      `/v2/b/two/blobs/uploads/?mount=${encodeURIComponent(blob.digest)}&from=a%2Fone`,
    );
  });

  it('that is not made is an upload', async () => {
    await using registry = await startPushRegistry({ mount: false });
    using client = clientOf([registry]);
    const blob = blobOf(1000);
    const upload = await client.mountBlob(repositoryAt(registry), blob.digest, 'a/one');
    if (typeof upload === 'boolean') throw new Error('no upload');
    await client.sendBlob(repositoryAt(registry), blob, { upload });
    expect(methods(registry.requests())).toEqual(['POST 202', 'PUT 201']);
  });

  it('that is refused is none', async () => {
    await using registry = await startPushRegistry({ mount: 404 });
    using client = clientOf([registry]);
    expect(await client.mountBlob(repositoryAt(registry), blobOf(1).digest, 'a/one')).toBe(false);
  });
});

describe('tokens', () => {
  /** A registry that gives tokens by scope; `asks` is what its challenge names. */
  const scoped = (asks: string) =>
    startStub(({ method, path, query, headers }, response) => {
      if (path === '/token')
        return void response.end(JSON.stringify({ token: query.getAll('scope').join('+') }));
      const token = headers.authorization?.slice('Bearer '.length) ?? '';
      const realm = `Bearer realm="http://${headers.host}/token",service="s",scope="${asks}"`;
      const may = method === 'HEAD' ? token.includes('pull') : token.includes('push');
      if (!may) return void response.writeHead(401, { 'www-authenticate': realm }).end();
      if (method === 'HEAD') return void response.writeHead(404).end();
      return void response.writeHead(202, { location: `${path}1` }).end();
    });
  const tokensOf = (stub: Awaited<ReturnType<typeof scoped>>): string[] =>
    stub.requests.filter(({ path }) => path === '/token').map(({ query }) => query.getAll('scope').join(' '));

  it('are asked for what is to be done, reading and writing apart', async () => {
    await using stub = await scoped('repository:team/app:pull');
    using client = clientOf([stub]);
    await client.headBlob(repositoryAt(stub), blobOf(1).digest);
    await client.beginUpload(repositoryAt(stub));
    await client.beginUpload(repositoryAt(stub));
    expect(tokensOf(stub)).toEqual(['repository:team/app:pull', 'repository:team/app:pull,push']);
  });

  it('are asked with the right to push even where the challenge forgets it', async () => {
    await using stub = await scoped('repository:team/app:pull');
    using client = clientOf([stub]);
    await client.beginUpload(repositoryAt(stub));
    expect(tokensOf(stub)).toEqual(['repository:team/app:pull,push']);
  });

  it('for a mount are asked for both repositories', async () => {
    await using stub = await scoped('');
    using client = clientOf([stub]);
    await client.mountBlob(repositoryAt(stub), blobOf(1).digest, 'other/app');
    expect(tokensOf(stub)).toEqual(['repository:team/app:pull,push repository:other/app:pull']);
  });
});

describe('a manifest', () => {
  const bytes = jsonBytes({
    schemaVersion: 2,
    config: { mediaType: 'a/b', digest: digestOf(Buffer.from('c')), size: 1 },
    layers: [],
  });
  const manifest = { bytes, digest: digestOf(bytes), mediaType: OCI_MANIFEST };

  it('is put under its exact type and bytes, again after a fault', async () => {
    await using stub = await startStub((_, response, nth) => {
      response.writeHead(nth === 1 ? 503 : 201, { 'docker-content-digest': manifest.digest }).end();
    });
    using client = clientOf([stub]);
    await client.putManifest(repositoryAt(stub), '1.0', manifest);
    expect(stub.lines()).toEqual(['PUT /v2/team/app/manifests/1.0', 'PUT /v2/team/app/manifests/1.0']);
    expect(stub.requests[1]?.headers['content-type']).toBe(OCI_MANIFEST);
    expect(stub.requests[1]?.body).toBe(Buffer.from(bytes).toString());
  });

  it('is not believed under another digest', async () => {
    const other = digestOf(Buffer.from('other'));
    await using stub = await startStub((_, response) => {
      response.writeHead(201, { 'docker-content-digest': other }).end();
    });
    using client = clientOf([stub]);
    expect((await failureOf(client.putManifest(repositoryAt(stub), '1.0', manifest))).code).toBe('digest');
  });

  it.each([
    [401, 'docker login'],
    [403, 'docker login'],
  ])('refused with %d tells whom to ask', async (status, hint) => {
    await using stub = await startStub((_, response) => {
      answerError(response, status, 'DENIED', 'no', { 'www-authenticate': 'Basic realm="x"' });
    });
    using client = clientOf([stub]);
    const error = await failureOf(client.putManifest(repositoryAt(stub), '1.0', manifest));
    expect(error.code).toBe('denied');
    expect(error.message).toContain(stub.host);
    expect(error.hint).toContain(hint);
    expect(error.hint).toContain('push');
  });

  it('is looked for by one HEAD, and by GET only where HEAD does not tell', async () => {
    await using registry = await startPushRegistry();
    using client = clientOf([registry]);
    registry.contents
      .at('team/app')
      .manifests.set(manifest.digest, { ...manifest, bytes: Buffer.from(bytes) });
    registry.contents.at('team/app').tags.set('1', manifest.digest);
    expect(await client.findManifest(repositoryAt(registry), '1')).toBe(manifest.digest);
    expect(await client.findManifest(repositoryAt(registry), '2')).toBeUndefined();
    expect(await client.findManifest(repositoryAt(registry, 'none'), '2')).toBeUndefined();
    expect(methods(registry.requests())).toEqual(['HEAD 200', 'HEAD 404', 'HEAD 404']);
    registry.clear();
    registry.misbehave({ faults: [{ method: 'HEAD', path: /manifests/, times: 9, status: 405 }] });
    expect(await client.findManifest(repositoryAt(registry), '1')).toBe(manifest.digest);
    expect(await client.findManifest(repositoryAt(registry), '2')).toBeUndefined();
    expect(methods(registry.requests())).toEqual(['HEAD 405', 'GET 200', 'GET 404']);
  });
});
