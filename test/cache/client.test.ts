import { buffer } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { createServiceClient, type ServiceClient } from '../../src/cache/actions/client.ts';
import { failureOf } from '../support/failure.ts';
import { startStub, type Stub, type StubHandler } from '../support/registry-stub.ts';

let stub: Stub;
let client: ServiceClient;
afterEach(async () => {
  client.close();
  await stub.close();
});

async function start(handler: StubHandler): Promise<void> {
  stub = await startStub(handler);
  client = createServiceClient(
    { protocol: 'v1', url: new URL(`${stub.url}/`), token: 'token' },
    { env: {}, onSecret: () => {}, onWarning: () => {}, stallMilliseconds: 100 },
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
  ])('makes four requests of an archive that always ends in %s (found A13, B15)', async (_, handler) => {
    await start(handler);
    const url = new URL(`${stub.url}/archive?signature=secret`);
    expect((await failureOf(buffer(client.download(url, 100, undefined)))).code).toBe('network');
    expect(stub.requests).toHaveLength(4);
  });
});
