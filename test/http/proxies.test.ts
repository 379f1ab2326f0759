import { createServer } from 'node:http';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { OciSaveError } from '../../src/errors.ts';
import { createHttpClient, proxyFor } from '../../src/http/index.ts';
import { networkErrorAt } from '../../src/github-release/service/refusal.ts';
import { closable } from '../support/closable.ts';
import { failureOf } from '../support/failure.ts';
import { startForwardProxy } from '../support/forward-proxy.ts';
import { listen } from '../support/listen.ts';
import { startStub } from '../support/registry-stub.ts';

/** Asks an address; every name is this machine's. */
async function ask(url: string, env: Record<string, string>): Promise<number> {
  const http = createHttpClient({
    sockets: 1,
    requestMilliseconds: 5000,
    stallMilliseconds: 5000,
    policy: { retries: 0, retryMilliseconds: 1 },
    env,
    lookup: (_, { all }, done) =>
      all === true ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4),
  });
  try {
    const request = { method: 'GET', url: new URL(url), headers: {}, subject: 'it' } as const;
    return await http.request(request, ({ status, discard }) => (discard(), status));
  } finally {
    http.close();
  }
}

describe('found NO_PROXY: a host that Go, and so skopeo, asks directly is asked directly', () => {
  it.each<[host: string, names: (port: string) => string]>([
    ['registry.corp.test', () => 'corp.test'],
    ['registry.corp.test', () => '.corp.test'],
    ['registry.corp.test', (port) => `corp.test:${port}`],
    ['registry.corp.test', () => 'example.org registry.corp.test'],
    ['registry.corp.test', () => 'example.org,\t*'],
    ['localhost', () => ''],
    ['127.0.0.1', () => ''],
  ])('%s', async (host, names) => {
    await using stub = await startStub((_, response) => void response.end());
    await using proxy = await startForwardProxy('127.0.0.1:9');
    const port = new URL(`http://${stub.host}`).port;
    const env = { HTTP_PROXY: `http://${proxy.host}`, NO_PROXY: names(port) };
    expect([await ask(`http://${host}:${port}/`, env), proxy.log]).toEqual([200, []]);
  });

  it('a redirect to another host is decided anew', async () => {
    await using stub = await startStub(({ path }, response) => {
      const location = path === '/far' ? undefined : `http://far.test/far`;
      response
        .writeHead(location === undefined ? 200 : 302, location === undefined ? {} : { location })
        .end();
    });
    await using proxy = await startForwardProxy(stub.host);
    const { port } = new URL(`http://${stub.host}`);
    const env = { HTTP_PROXY: `http://${proxy.host}`, NO_PROXY: 'near.test' };
    expect(await ask(`http://near.test:${port}/`, env)).toBe(200);
    expect(proxy.log).toEqual(['GET http://far.test/far']);
  });

  const proxied = (url: string, names: string): boolean =>
    proxyFor(new URL(url), { HTTP_PROXY: 'proxy', HTTPS_PROXY: 'proxy', NO_PROXY: names }) !== undefined;

  // The table of golang.org/x/net/http/httpproxy.
  const GO =
    'foobar.com, .barbaz.net, *.wildcard.io, 192.168.1.1, 192.168.1.2:81, 192.168.1.3:80, 10.0.0.0/30, 2001:db8::52:0:1, [2001:db8::52:0:2]:443, [2001:db8::52:0:3]:80, 2002:db8:a::45/64';
  it.each([
    ['localhost', false],
    ['127.0.0.1', false],
    ['127.0.0.2', false],
    ['[::1]', false],
    ['[::ffff:127.0.0.1]', false],
    ['[::2]', true],
    ['192.168.1.1', false],
    ['192.168.1.2', true],
    ['192.168.1.3', false],
    ['192.168.1.4', true],
    ['10.0.0.2', false],
    ['[2001:db8::52:0:1]', false],
    ['[2001:db8::52:0:2]', true],
    ['[2001:db8::52:0:3]', false],
    ['[2002:db8:a::123]', false],
    ['[fe80::424b:c8be:1643:a1b6]', true],
    ['barbaz.net', true],
    ['www.barbaz.net', false],
    ['foobar.com', false],
    ['www.foobar.com', false],
    ['foofoobar.com', true],
    ['baz.com', true],
    ['localhost.net', true],
    ['local.localhost', true],
    ['barbarbaz.net', true],
    ['wildcard.io', true],
    ['nested.wildcard.io', false],
    ['awildcard.io', true],
  ])('as in Go’s own test: %s', (host, wanted) => {
    expect(proxied(`http://${host}/`, GO)).toBe(wanted);
    expect(proxied(`http://${host}/`, '*')).toBe(false);
  });

  it.each([
    ['https://r.test/', 'r.test:443', false],
    ['https://r.test/', 'r.test:80', true],
    ['https://r.test/', 'R.Test:', false],
    ['https://r.test/', ':443', true],
    ['https://www.xn--fsq092h.com/', '示例.com', false],
    ['https://[2001:db8::1]:5000/', '[2001:db8::1]:5000', false],
    ['https://[2001:db8::1]:5000/', '[2001:db8::1]:5001', true],
    ['https://10.1.2.3/', '10.0.0.0/33', true],
    ['https://10.1.2.3/', '10.1', true],
    ['https://a.10.1.2.3.test/', '0.0.0.0/0', true],
  ])('%s with %s', (url, names, wanted) => {
    expect(proxied(url, names)).toBe(wanted);
  });

  it('a domain is what ends with it at a dot, whatever else is named', () => {
    const label = fc.stringMatching(/^[a-z]([a-z0-9-]{0,5}[a-z0-9])?$/);
    const domain = fc
      .array(label, { minLength: 1, maxLength: 3 })
      .map((labels) => [...labels, 'test'].join('.'));
    fc.assert(
      fc.property(
        domain,
        fc.array(domain, { maxLength: 4 }),
        fc.constantFrom('', '.', '*.'),
        (host, names, dot) => {
          const below = names.some((name) => host.endsWith(`.${name}`) || (dot === '' && host === name));
          expect(proxied(`https://${host}/`, names.map((name) => dot + name).join(','))).toBe(!below);
        },
      ),
    );
  });

  it('no list makes it fail', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 30 }), (names) => {
        expect(proxied('https://r.test/', `${names},r.test`)).toBe(false);
      }),
    );
  });
});

describe('a dead proxy: a fault of the proxy is told as the proxy’s', () => {
  const failed = (variable: string, address: string, url = 'https://quay.test/'): Promise<OciSaveError> =>
    failureOf(ask(url, { [variable]: address }));

  it.each([
    ['HTTPS_PROXY', 'https://quay.test/'],
    ['http_proxy', 'http://quay.test/'],
  ])('nobody listens: %s', async (variable, url) => {
    const error = await failed(variable, 'http://me:SECRET@127.0.0.1:9', url);
    expect(error.message).toBe(
      `it: the proxy 127.0.0.1:9 (${variable}), by which quay.test is reached, refuses the connection (ECONNREFUSED)`,
    );
    expect(error.hint).toContain(`Check ${variable}`);
    expect(networkErrorAt('org/site', error)).toMatchObject({ code: 'network', hint: error.hint });
  });

  it('its name is unknown', async () => {
    const unknown = Object.assign(new Error('x'), { code: 'ENOTFOUND', syscall: 'getaddrinfo' });
    const http = createHttpClient({
      sockets: 1,
      requestMilliseconds: 5000,
      stallMilliseconds: 5000,
      policy: { retries: 0, retryMilliseconds: 1 },
      env: { HTTPS_PROXY: 'http://proxy.test:3128' },
      lookup: (_, __, done) => done(unknown, ''),
    });
    const url = new URL('https://quay.test/');
    const error = await failureOf(http.request({ method: 'GET', url, headers: {}, subject: 'it' }, () => 0));
    http.close();
    expect(error.message).toBe(
      'it: the proxy proxy.test:3128 (HTTPS_PROXY), by which quay.test is reached, has a name that cannot be resolved (ENOTFOUND)',
    );
  });

  it.each([
    ['407 for a tunnel', 'HTTPS_PROXY', 407, 'answered 407'],
    ['403 for a tunnel', 'HTTPS_PROXY', 403, 'answered 403'],
    ['503 for a tunnel', 'HTTPS_PROXY', 503, 'answered 503'],
    ['nothing for a tunnel', 'HTTPS_PROXY', undefined, 'opened no way to it (ERR_PROXY_TUNNEL)'],
    ['407 for plain HTTP', 'HTTP_PROXY', 407, 'answered 407'],
  ])('an answer: %s', async (_, variable, status, words) => {
    let asked = 0;
    const server = createServer((__, response) => {
      asked += 1;
      response.writeHead(status ?? 500).end();
    });
    server.on('connect', (__, socket) => {
      asked += 1;
      socket.end(status === undefined ? undefined : `HTTP/1.1 ${status} No\r\n\r\n`);
    });
    const { host, end } = await listen(server);
    await using __ = closable({}, end);
    const scheme = variable === 'HTTPS_PROXY' ? 'https' : 'http';
    const error = await failed(variable, `http://me:SECRET@${host}`, `${scheme}://quay.test/`);
    expect([error.code, error.message, asked]).toEqual([
      'network',
      `it: the proxy ${host} (${variable}), by which quay.test is reached, ${words}`,
      1,
    ]);
    expect(`${error.message} ${error.hint} ${String(error.cause)}`).not.toContain('SECRET');
    expect(error.hint?.includes('user:password')).toBe(status === 407);
  });
});
