import { createServer as createHttpServer } from 'node:http';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readProxies } from '../../src/http/index.ts';
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

  it.each<[Record<string, string>, string]>([
    [{ HTTPS_PROXY: 'http://user:SECRET@[' }, 'HTTPS_PROXY is not the address of a proxy'],
    [{ HTTP_PROXY: 'http://user:SECRET#1@proxy:3128' }, 'HTTP_PROXY is not the address of a proxy'],
    [{ https_proxy: 'user:SECRET@proxy:99999' }, 'https_proxy is not the address of a proxy'],
    [
      { HTTPS_PROXY: 'socks5://user:SECRET@proxy:1080' },
      'HTTPS_PROXY names a proxy of the kind socks5, which is not supported',
    ],
    [
      { http_proxy: 'SOCKS5H://user:SECRET@proxy' },
      'http_proxy names a proxy of the kind socks5h, which is not supported',
    ],
    [
      { HTTPS_PROXY: 'http://us%ZZer:SECRET@proxy' },
      'HTTPS_PROXY has a user or password with a % that is no escape of a character',
    ],
    [
      { HTTPS_PROXY: 'http://user:SECRET%FF@proxy' },
      'HTTPS_PROXY has a user or password with a % that is no escape of a character',
    ],
  ])(
    'found B11: that cannot be used is refused before any request, without its password: %j',
    async (env, message) => {
      const error = await failureOf(async () => clientOf([], { env }));
      expect([error.code, error.message, error.cause]).toEqual(['usage', message, undefined]);
    },
  );

  it('is named as curl and Go take it: without a scheme, the lower case first, no HTTP_PROXY under CGI', () => {
    expect(readProxies({ HTTPS_PROXY: ' proxy:3128 ' })).toEqual({ HTTPS_PROXY: 'http://proxy:3128/' });
    expect(readProxies({ HTTPS_PROXY: 'http://a', https_proxy: 'https://me:p^w%25@b:1' })).toEqual({
      HTTPS_PROXY: 'https://me:p%5Ew%25@b:1/',
    });
    expect(readProxies({ HTTP_PROXY: 'http://a', http_proxy: '', no_proxy: 'x', NO_PROXY: 'y' })).toEqual({
      HTTP_PROXY: 'http://a/',
      NO_PROXY: 'x',
    });
    expect(
      readProxies({ HTTP_PROXY: 'http://evil', HTTPS_PROXY: 'http://a', REQUEST_METHOD: 'GET' }),
    ).toEqual({
      HTTPS_PROXY: 'http://a/',
    });
    expect(readProxies({ HTTP_PROXY: '', HTTPS_PROXY: ' ' })).toEqual({});
    expect(readProxies({ NO_PROXY: ' a.test b.test:1 ,, .c ' })).toEqual({ NO_PROXY: 'a.test,b.test:1,.c' });
    expect(readProxies({ HTTP_PROXY: 'a', NO_PROXY: 'b *' })).toEqual({ NO_PROXY: '*' });
    expect(readProxies({ HTTPS_PROXY: 'socks5://a', NO_PROXY: '*' })).toEqual({ NO_PROXY: '*' });
  });

  it('is used where it has no scheme', async () => {
    await using stub = await startStub((incoming, response) => answerManifest(incoming, response, index));
    await using proxy = await startForwardProxy(stub.host);
    using client = clientOf([domain], { env: { http_proxy: proxy.host, HTTPS_PROXY: proxy.host } });
    await client.getManifest({ domain, path: 'a' }, '1');
    expect(proxy.log).toContain(`GET http://${domain}/v2/a/manifests/1`);
  });

  it('is never shown, whatever it is', () => {
    const part = fc.string({ unit: 'binary', maxLength: 8 });
    fc.assert(
      fc.property(part, part, part, (scheme, user, rest) => {
        try {
          readProxies({ HTTPS_PROXY: `${scheme}://${user}:SECRET@${rest}` });
        } catch (error) {
          expect(error).toMatchObject({ code: 'usage', message: expect.not.stringContaining('SECRET') });
        }
      }),
    );
  });
});
