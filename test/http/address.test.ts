import { afterEach, describe, expect, it } from 'vitest';
import { createHttpClient, isPrivateHost } from '../../src/http/index.ts';
import { fetchToken } from '../../src/registry/auth/token.ts';
import { failureOf } from '../support/failure.ts';
import { startForwardProxy } from '../support/forward-proxy.ts';
import { startStub, type Stub } from '../support/registry-stub.ts';

const base = { sockets: 1, requestMilliseconds: 5000, stallMilliseconds: 5000 };
const policy = { retries: 0, retryMilliseconds: 1 };

let stub: Stub | undefined;
afterEach(async () => {
  await stub?.close();
  stub = undefined;
});

/** Asks a name that resolves to these addresses, over a server on this machine. */
async function ask(addresses: readonly string[], namedBy: string | undefined): Promise<number> {
  stub = await startStub((_, response) => void response.end('here'));
  const http = createHttpClient({
    ...base,
    policy,
    env: {},
    lookup: (_, options, done) =>
      options.all === true
        ? done(
            null,
            addresses.map((address) => ({ address, family: 4 })),
          )
        : done(null, addresses[0]!, 4),
  });
  try {
    const url = new URL(`http://name.example:${new URL(stub.url).port}/`);
    return await http.request({ method: 'GET', url, headers: {}, subject: 'it', namedBy }, (response) => {
      response.discard();
      return response.status;
    });
  } finally {
    http.close();
  }
}

describe('the address of a request', () => {
  it.each([
    'localhost.',
    'a.localhost.',
    '[64:ff9b::a9fe:a9fe]',
    '[64:ff9b::10.0.0.1]',
    '[64:ff9b:1::1]',
    '[::7f00:1]',
    '[::ffff:127.0.0.1]',
    '[::ffff:0:7f00:1]',
    '[2002:7f00:1::]',
    '[2002:a00:1::1]',
    '[2001:0:1::]',
    '[fec0::1]',
    '[ff02::1]',
    '255.255.255.255',
    '224.0.0.1',
    '198.18.0.1',
  ])('is private where it is %s (found B8)', (host) => {
    expect(isPrivateHost(host)).toBe(true);
    expect(isPrivateHost(URL.parse(`http://${host}/`)?.hostname ?? host)).toBe(true);
  });

  it.each(['[64:ff9b::808:808]', '[2002:808:808::1]', '[2606:4700::1]', '8.8.8.8', 'example.org.'])(
    'is public where it is %s',
    (host) => {
      expect(isPrivateHost(host)).toBe(false);
    },
  );

  it('is judged where the socket connects: a name that resolves to a private address is not reached (found B8)', async () => {
    const error = await failureOf(ask(['127.0.0.1'], 'r.example redirects to'));
    expect(error.code).toBe('unsupported');
    expect(error.message).toBe(
      'it: r.example redirects to name.example, which resolves to a private address here and is not asked',
    );
    expect(stub?.connections()).toBe(0);
  });

  it('may be private where the user named it', async () => {
    expect(await ask(['127.0.0.1'], undefined)).toBe(200);
  });

  it('is not private because a proxy is (found B8)', async () => {
    stub = await startStub((request, response) => {
      if (request.path === '/inside') return void response.end('secret');
      return void response.writeHead(302, { location: `http://127.0.0.1:1/inside` }).end();
    });
    await using proxy = await startForwardProxy(stub.host);
    const http = createHttpClient({ ...base, policy, env: { HTTP_PROXY: `http://${proxy.host}` } });
    const url = new URL('http://public.example/');
    const error = await failureOf(
      http.request({ method: 'GET', url, headers: {}, subject: 'it' }, ({ status }) => status),
    );
    http.close();
    expect(error.message).toBe(
      'it: public.example redirects to the private address 127.0.0.1, which is not asked',
    );
    expect(proxy.log).toEqual(['GET http://public.example/']);
  });

  it.each([
    ['a public registry may not name for its token service', false, 'unsupported'],
    ['a private registry may name for its token service', true, 'network'],
  ])('is one that %s (found B8)', async (_, isPrivate, code) => {
    stub = await startStub(() => {});
    const http = createHttpClient({ ...base, policy, env: {} });
    const error = await failureOf(
      fetchToken(http, {
        subject: 'it',
        registry: new URL('https://r.example'),
        insecure: false,
        isPrivate,
        realm: 'https://127.0.0.1:1/token',
        service: undefined,
        scope: '',
        credentials: undefined,
      }),
    );
    http.close();
    expect(error.code).toBe(code);
    if (!isPrivate) expect(error.message).toContain('names a token service at the private address 127.0.0.1');
  });
});
