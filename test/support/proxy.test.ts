import { Agent } from 'node:http';
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { startBadRegistry } from './bad-registry.ts';
import { one } from './fixtures/index.ts';
import { call } from './http.ts';
import { startProxy } from './servers/index.ts';

const image = one({ layerBytes: 100_000 });
const [layer = new Uint8Array()] = [...image.blobs.values()].sort((a, b) => b.length - a.length);
const path = `/v2/a/blobs/${digestOf(layer)}`;

describe('the proxy of the tests', () => {
  it('forwards bytes and counts requests, bytes and connections', async () => {
    await using registry = await startBadRegistry({ images: { 'a:1': image } });
    await using proxy = await startProxy(registry.host);
    const agent = new Agent({ keepAlive: true });
    const headers = { 'user-agent': 'skopeo/1.9.3', authorization: 'Basic x' };
    const first = await call(proxy.url + path, { agent, headers });
    await call(`${proxy.url}/v2/a/manifests/nowhere`, { agent });
    agent.destroy();
    expect(digestOf(first.body)).toBe(digestOf(layer));
    expect(proxy.connections()).toBe(1);
    expect(proxy.requests({ skopeo: true })).toEqual([
      expect.objectContaining({ method: 'GET', path, status: 200, bytes: layer.length, authorization: true }),
    ]);
    expect(proxy.requests({ kind: 'manifest' })).toEqual([expect.objectContaining({ status: 404 })]);
    proxy.clear();
    expect(proxy.requests()).toEqual([]);
  });

  it('slows the connection, and can be changed', async () => {
    await using registry = await startBadRegistry({ images: { 'a:1': image } });
    await using proxy = await startProxy(registry.host, { roundTrip: 20, bytesPerSecond: 1_000_000 });
    await call(proxy.url + path);
    const [slow] = proxy.requests();
    // A handshake and a request, then 100 KB less what a burst of 50 ms may carry.
    expect((slow?.ended ?? 0) - (slow?.began ?? 0)).toBeGreaterThan(2 * 20 + 45);
    proxy.line.roundTrip = 0;
    proxy.line.bytesPerSecond = 0;
    expect((await call(proxy.url + path)).body.length).toBe(layer.length);
  });

  it('responds in place of the registry', async () => {
    await using registry = await startBadRegistry();
    await using proxy = await startProxy(registry.host, {
      intercept: ({ url }) => (url?.startsWith('/v2/secret/') ? { status: 403, body: '{}' } : undefined),
    });
    expect((await call(`${proxy.url}/v2/secret/manifests/1`)).status).toBe(403);
    expect((await call(`${proxy.url}/v2/`)).status).toBe(200);
    expect(registry.requests()).toHaveLength(1);
  });
});
