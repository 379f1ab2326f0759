import { readdir, readlink, truncate } from 'node:fs/promises';
import { Agent, get, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { serveRegistry } from '../../src/serve/index.ts';
import { until } from '../support/deadline.ts';
import { call } from '../support/http.ts';
import { errorCode, serveSample, serveTree, type Serving } from './serving.ts';
import { sha256 } from './tree.ts';

/** The files of a folder that this process has open. */
async function openFiles(folder: string): Promise<string[]> {
  const links = await readdir('/proc/self/fd');
  const targets = await Promise.all(
    links.map((link) => readlink(join('/proc/self/fd', link)).catch(() => 'closed meanwhile')),
  );
  return targets.filter((target) => target.startsWith(folder));
}

function begin(url: string, headers: Record<string, string> = {}, agent?: Agent): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get(url, { headers, ...(agent ? { agent } : {}) }, resolve).once('error', reject);
  });
}

/** A blob of 4 GiB that takes no room: a hole in a file. Its digest is not its own. */
async function hugeBlob(serving: Serving): Promise<string> {
  const repository = serving.repository('huge');
  const blob = await repository.blob('huge');
  await repository.write();
  await truncate(repository.blobFile(blob.digest), 4 * 1024 ** 3);
  return `/v2/huge/blobs/${blob.digest}`;
}

describe('downloads from the registry', () => {
  it('that the client aborts keep no memory and no open file', async () => {
    await using serving = await serveTree();
    const path = await hugeBlob(serving);
    const response = await begin(serving.url + path, { range: 'bytes=0-' });
    expect(response.statusCode).toBe(206);
    expect(response.headers['content-length']).toBe(String(4 * 1024 ** 3));
    await new Promise((resolve) => response.once('data', resolve));
    response.destroy();
    const entry = await serving.ended(path);
    expect(entry.status).toBe(206);
    expect(entry.problem).toBeUndefined();
    // What was read stayed close to what the client took.
    expect(entry.bytes).toBeLessThan(64 * 1024 ** 2);
    await until('all files closed', async () => (await openFiles(serving.root)).length === 0 || undefined);
  });

  it('close their file at the end', async () => {
    await using serving = await serveTree();
    const repository = serving.repository('x');
    const blob = await repository.blob(Buffer.alloc(300_000, 1));
    await repository.write();
    const path = `/v2/x/blobs/${blob.digest}`;
    expect((await serving.ask(path)).body).toHaveLength(300_000);
    expect((await serving.ended(path)).bytes).toBe(300_000);
    expect(await openFiles(serving.root)).toEqual([]);
  });

  it('work for many clients that come and go at once', async () => {
    await using serving = await serveSample();
    const { digest, size } = serving.sample.big.layer;
    const path = `/v2/large/blobs/${digest}`;
    const leaving = Array.from({ length: 8 }, async () => {
      const response = await begin(serving.url + path);
      response.destroy();
    });
    const staying = Array.from({ length: 8 }, () => serving.ask(path));
    for (const { body } of await Promise.all(staying)) {
      expect([body.length, sha256(body)]).toEqual([size, digest]);
    }
    await Promise.all(leaving);
    await until('sixteen entries', () => serving.entries.length === 16 || undefined);
    expect(await openFiles(serving.root)).toEqual([]);
  });

  it('that end in HEAD, 304 and 416 close their file', async () => {
    await using serving = await serveSample();
    const { digest } = serving.sample.big.layer;
    const path = `/v2/large/blobs/${digest}`;
    const head = await serving.ask(path, { method: 'HEAD' });
    expect(head.headers['etag']).toBe(`"${digest}"`);
    expect(head.headers['accept-ranges']).toBe('bytes');
    const same = await serving.ask(path, { headers: { 'if-none-match': `"${digest}"` } });
    expect([same.status, same.body.length, same.headers['etag']]).toEqual([304, 0, `"${digest}"`]);
    const beyond = await serving.ask(path, { headers: { range: 'bytes=99999999-' } });
    expect([beyond.status, beyond.headers['content-range']]).toEqual([
      416,
      `bytes */${serving.sample.big.layer.size}`,
    ]);
    expect(await openFiles(serving.root)).toEqual([]);
  });

  it('resume where they were cut, unless the blob changed', async () => {
    await using serving = await serveSample();
    const { digest, size } = serving.sample.big.layer;
    const path = `/v2/large/blobs/${digest}`;
    const range = `bytes=${size - 10}-`;
    const part = await serving.ask(path, { headers: { range, 'if-range': `"${digest}"` } });
    expect([part.status, part.body.length]).toEqual([206, 10]);
    expect(part.headers['content-range']).toBe(`bytes ${size - 10}-${size - 1}/${size}`);
    const whole = await serving.ask(path, { headers: { range, 'if-range': '"another"' } });
    expect([whole.status, whole.body.length]).toEqual([200, size]);
    expect(part.body.equals(whole.body.subarray(-10))).toBe(true);
  });
});

describe('the built-in registry', () => {
  it('serves a tag that is added while it runs', async () => {
    await using serving = await serveSample();
    expect((await serving.ask('/v2/docker.io/library/one/manifests/new')).status).toBe(404);
    serving.sample.one.list(serving.sample.oci.manifest, 'new');
    await serving.sample.one.write();
    expect((await serving.ask('/v2/docker.io/library/one/manifests/new')).status).toBe(200);
  });

  it('responds 304 for a manifest that the client has', async () => {
    await using serving = await serveSample();
    const { digest } = serving.sample.oci.manifest;
    const headers = { 'if-none-match': `"${digest}"` };
    const answer = await serving.ask('/v2/docker.io/library/one/manifests/1.0', { headers });
    expect([answer.status, answer.body.length]).toEqual([304, 0]);
  });

  it.each(['PUT', 'POST', 'PATCH', 'DELETE', 'OPTIONS'])('refuses %s', async (method) => {
    await using serving = await serveTree();
    for (const path of [
      '/v2/a/manifests/1',
      '/v2/a/blobs/uploads/',
      '/v2/a/blobs/uploads/1',
      '/v2/_catalog',
    ]) {
      const answer = await serving.ask(path, { method, body: Buffer.from('{}') });
      expect([answer.status, errorCode(answer), answer.headers['allow']]).toEqual([
        405,
        'UNSUPPORTED',
        'GET, HEAD',
      ]);
    }
  });

  it('reports how each request ended', async () => {
    await using serving = await serveSample();
    const path = '/v2/docker.io/library/one/manifests/1.0';
    await serving.ask(`${path}?token=hidden`);
    const entry = await serving.ended(path);
    expect(entry).toMatchObject({
      method: 'GET',
      path,
      status: 200,
      bytes: serving.sample.oci.manifest.size,
    });
    expect(entry.milliseconds).toBeGreaterThan(0);
    await serving.ask(path, { method: 'HEAD' });
    expect(await serving.ended(path, 2)).toMatchObject({ method: 'HEAD', status: 200, bytes: 0 });
    await serving.ask('/v2/nothing/tags/list');
    expect(await serving.ended('/v2/nothing/tags/list')).toMatchObject({ status: 404, problem: undefined });
  });

  it('pages its listings with Link headers', async () => {
    await using serving = await serveSample();
    const first = await serving.ask('/v2/docker.io/library/one/tags/list?n=1');
    expect(first.headers['link']).toBe('</v2/docker.io/library/one/tags/list?n=1&last=1.0>; rel="next"');
    expect((await serving.ask('/v2/docker.io/library/one/tags/list?n=2')).headers['link']).toBeUndefined();
    const catalog = await serving.ask('/v2/_catalog?n=2');
    expect(catalog.headers['link']).toBe('</v2/_catalog?n=2&last=a%2Fb>; rel="next"');
  });

  it('ends idle connections and running downloads when it is closed, and may be closed twice', async () => {
    await using serving = await serveTree();
    const path = await hugeBlob(serving);
    const agent = new Agent({ keepAlive: true });
    await call(`${serving.url}/v2/`, { agent });
    const response = await begin(serving.url + path, { range: 'bytes=0-' });
    const ended = new Promise((resolve) => response.once('close', resolve));
    response.on('error', () => {});
    response.resume();
    await serving.close();
    await ended;
    expect(response.complete).toBe(false);
    await serving.close();
    await expect(call(`${serving.url}/v2/`)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    agent.destroy();
  });

  it('reports a taken port, an invalid port and a missing root', async () => {
    await using serving = await serveTree();
    const options = { root: serving.root, host: '127.0.0.1', port: 0 };
    const port = Number(serving.address.split(':')[1]);
    await expect(serveRegistry({ ...options, port })).rejects.toMatchObject({ code: 'machine' });
    await expect(serveRegistry({ ...options, port: 65_536 })).rejects.toMatchObject({ code: 'usage' });
    await expect(serveRegistry({ ...options, port: 1.5 })).rejects.toMatchObject({ code: 'usage' });
    const root = join(serving.root, 'missing');
    await expect(serveRegistry({ ...options, root })).rejects.toMatchObject({ code: 'usage' });
  });

  it('gives an address that clients can use, whatever it listens on', async () => {
    await using serving = await serveTree();
    const registry = await serveRegistry({ root: serving.root, host: '0.0.0.0', port: 0 });
    expect(registry.address).toMatch(/^127\.0\.0\.1:\d+$/);
    expect((await call(`${registry.url}/v2/`)).status).toBe(200);
    await registry.close();
    await registry.close();
  });
});
