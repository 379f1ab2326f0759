import { createServer as createHttpServer } from 'node:http';
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { OCI_INDEX } from '../../src/oci/media-type.ts';
import { closable } from '../support/closable.ts';
import { startForwardProxy } from '../support/forward-proxy.ts';
import { jsonBytes } from '../support/image.ts';
import { listen } from '../support/listen.ts';
import { answerManifest, startStub } from '../support/registry-stub.ts';
import { clientOf, failureOf } from './support.ts';

const index = { mediaType: OCI_INDEX, bytes: jsonBytes({ schemaVersion: 2, manifests: [] }) };

describe('a proxy of the environment', () => {
  const domain = 'registry.test:5000';

  it('is used for every request, with TLS through a tunnel', async () => {
    await using stub = await startStub((incoming, response) => answerManifest(incoming, response, index));
    await using proxy = await startForwardProxy(stub.host);
    const url = `http://user:SECRET@${proxy.host}`;
    using client = clientOf([domain], { env: { http_proxy: url, HTTPS_PROXY: url } });
    const served = await client.getManifest({ domain, path: 'a' }, '1');
    expect(served.digest).toBe(digestOf(index.bytes));
    expect(proxy.log).toEqual([
      `CONNECT ${domain}`,
      `GET http://${domain}/v2/`,
      `GET http://${domain}/v2/a/manifests/1`,
    ]);
  });

  it('is passed over for the names of NO_PROXY', async () => {
    await using stub = await startStub((incoming, response) => answerManifest(incoming, response, index));
    await using proxy = await startForwardProxy(stub.host);
    const url = `http://${proxy.host}`;
    using client = clientOf([stub], { env: { HTTP_PROXY: url, HTTPS_PROXY: url, NO_PROXY: '127.0.0.1' } });
    await client.getManifest({ domain: stub.host, path: 'a' }, '1');
    expect(proxy.log).toEqual([]);
  });

  it('that refuses is named without its password', async () => {
    const server = createHttpServer();
    server.on(
      'connect',
      (_, socket) => void socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n'),
    );
    const { host, end } = await listen(server);
    await using _ = closable({}, end);
    using client = clientOf([], { env: { HTTPS_PROXY: `http://user:SECRET@${host}` }, retries: 0 });
    const error = await failureOf(client.getManifest({ domain, path: 'a' }, '1'));
    expect(error.code).toBe('network');
    expect(error.message).toContain('proxy');
    expect(`${error.message} ${String(error.cause)}`).not.toContain('SECRET');
  });

  it('that is not an address is a fault of usage, told without its password', async () => {
    using client = clientOf([], { env: { HTTPS_PROXY: 'http://user:SECRET@[' }, retries: 0 });
    const error = await failureOf(client.getManifest({ domain, path: 'a' }, '1'));
    expect(error.code).toBe('usage');
    expect(error.message).toBe('HTTPS_PROXY is not the address of a proxy');
    expect(`${error.message} ${String(error.cause)}`).not.toContain('SECRET');
  });
});
