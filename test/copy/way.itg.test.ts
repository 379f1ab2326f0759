import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Environment } from '../../src/registry/index.ts';
import { proxyFor } from '../../src/http/index.ts';
import { createSkopeoEnvironment, findSkopeo, inspectRaw } from '../../src/skopeo/index.ts';
import { openTrust } from '../../src/trust/index.ts';
import { failureOf } from '../support/failure.ts';
import { one } from '../support/fixtures/index.ts';
import { startForwardProxy } from '../support/forward-proxy.ts';
import { largestBlobOf } from '../support/image.ts';
import { pushImage } from '../support/push.ts';
import {
  type Certificates,
  type DockerRegistry,
  PROXIED_HOST,
  startDockerRegistry,
  writeCertsDir,
} from '../support/servers/index.ts';
import { tempFolder, type TempFolder } from '../support/temp.ts';
import { type CopyingOptions, startCopying } from './copying.ts';

/** N11: what our client knows of the way to a registry, skopeo is told. Each copy here resolves by our client first. */
const image = one({ layerBytes: 1_200_000 });
const layer = largestBlobOf(image);

let folder: TempFolder;
let secure: DockerRegistry;
let mutual: DockerRegistry;
let certificates: Certificates;
beforeAll(async () => {
  folder = await tempFolder('way');
  secure = await startDockerRegistry({ tls: 'server' });
  await pushImage(secure.target, 'a', image, '1');
  mutual = await startDockerRegistry({ tls: 'mutual', root: secure.root });
  const made = secure.certificates;
  if (made === undefined) throw new Error('a registry with TLS has certificates');
  certificates = made;
});
afterAll(async () => {
  await mutual.close();
  await secure.close();
  await folder.close();
});

interface Way {
  readonly env?: Environment;
  readonly caFile?: string;
  readonly certsDir?: string;
  readonly insecure?: readonly string[];
}

/** Resolves the image at a registry, and copies it by skopeo. @returns who moved its large layer */
async function copyFrom(
  host: string,
  { env = {}, caFile = '', certsDir = '', insecure = [] }: Way,
): Promise<string | undefined> {
  const trust = await openTrust({ env, caFile, certsDir, systemFiles: [], onWarning: () => {} });
  await using bench = await startCopying(insecure, { env, trust: trust.of });
  const images = await bench.images([`${host}/a:1`]);
  const found = await findSkopeo({ kind: 'auto' }, process.env);
  const environment = await createSkopeoEnvironment(
    bench.store.runFolder,
    { ...env, PATH: process.env['PATH'] },
    trust,
  );
  const options: CopyingOptions = {
    copier: 'skopeo',
    skopeoTools: async () => ({ skopeo: found, environment }),
  };
  const { movers, failures } = await bench.copy(images, options);
  expect(failures).toEqual(new Map());
  return movers.get(layer);
}

describe('case F3, T5, found H5: an authority of one’s own is known to both copiers where it is named', () => {
  it.each<[string, () => Promise<Way>]>([
    ['ca-file', async () => ({ caFile: certificates.ca })],
    ['SSL_CERT_FILE', async () => ({ env: { SSL_CERT_FILE: certificates.ca } })],
    ['NODE_EXTRA_CA_CERTS', async () => ({ env: { NODE_EXTRA_CA_CERTS: certificates.ca } })],
    [
      'certs-dir',
      async () => ({ certsDir: await writeCertsDir(`${folder.path}/certs`, secure.host, certificates) }),
    ],
    [
      'the user’s certs.d',
      async () => {
        const home = `${folder.path}/home`;
        await writeCertsDir(`${home}/.config/containers/certs.d`, secure.host, certificates);
        return { env: { HOME: home } };
      },
    ],
  ])('in %s', async (_, way) => {
    expect(await copyFrom(secure.host, await way())).toBe('skopeo');
  });

  it('and to none of them where it is not, or is another host’s', async () => {
    const certsDir = await writeCertsDir(`${folder.path}/others`, `${secure.host}0`, certificates);
    for (const way of [{}, { certsDir }]) {
      const error = await failureOf(copyFrom(secure.host, way));
      expect(error.message).toContain('CN=private authority is no authority that is known here');
    }
  });

  it('T5: a client certificate of certs-dir is shown by both', async () => {
    const own = mutual.certificates;
    if (own === undefined) throw new Error('a registry with TLS has certificates');
    const certsDir = await writeCertsDir(`${folder.path}/mutual`, mutual.host, own, true);
    expect(await copyFrom(mutual.host, { certsDir })).toBe('skopeo');
  });
});

describe('case F1, N9: a registry that is reached by a proxy alone', () => {
  it('over TLS', async () => {
    await using proxy = await startForwardProxy(secure.host);
    const env = { https_proxy: `http://me:SECRET@${proxy.host}`, HTTPS_PROXY: 'http://127.0.0.1:9' };
    expect(await copyFrom(PROXIED_HOST, { env, caFile: certificates.ca })).toBe('skopeo');
    expect(proxy.by('Go-http-client')).toContain(`CONNECT ${PROXIED_HOST}:443`);
    expect(proxy.log.length).toBeGreaterThan(proxy.by('Go-http-client').length);
  });

  it('in plain HTTP, named as insecure; T6: not where it is not named', async () => {
    await using plain = await startDockerRegistry({ root: secure.root });
    await using proxy = await startForwardProxy(plain.host);
    const domain = `${PROXIED_HOST}:5000`;
    const env = { HTTP_PROXY: proxy.host, HTTPS_PROXY: proxy.host };
    expect(await copyFrom(domain, { env, insecure: [domain] })).toBe('skopeo');
    expect(proxy.by('skopeo/')).toContain(`GET http://${domain}/v2/a/blobs/${layer}`);
    const before = proxy.log.length;
    const error = await failureOf(copyFrom(domain, { env }));
    expect([error.code, proxy.log.slice(before)]).toEqual(['network', [`CONNECT ${domain}`]]);
  });

  it('with HTTP_PROXY alone is asked directly over TLS by both, and the message says which variable counts', async () => {
    await using proxy = await startForwardProxy(secure.host);
    const env = {
      HTTP_PROXY: `http://me:SECRET@${proxy.host}`,
      ALL_PROXY: `socks5://me:SECRET@${proxy.host}`,
    };
    const error = await failureOf(copyFrom(PROXIED_HOST, { env, caFile: certificates.ca }));
    expect(error.message).toContain('has a name that cannot be resolved');
    expect(error.hint).toContain('HTTPS_PROXY');
    expect(error.hint).not.toContain('SECRET');
    await inspectBySkopeo(PROXIED_HOST, env);
    expect(proxy.log).toEqual([]);
  });
});

/** Lets skopeo ask for a manifest, with a proxy that leads nowhere or without. */
async function inspectBySkopeo(host: string, env: Environment): Promise<void> {
  await using own = await tempFolder('inspect');
  const trust = await openTrust({ env: {}, caFile: '', certsDir: '', systemFiles: [], onWarning: () => {} });
  const skopeo = await findSkopeo({ kind: 'auto' }, process.env);
  const environment = await createSkopeoEnvironment(own.path, { ...env, PATH: process.env['PATH'] }, trust);
  const source = `docker://${host}/a:1`;
  const { exitCode } = await inspectRaw({ skopeo, environment, folder: own.path, local: { source } });
  expect(exitCode).not.toBe(0);
}

describe('case F2: both copiers read NO_PROXY alike', () => {
  it.each([
    ['registry.test', 'registry.test', false],
    ['a.registry.test', '.registry.test', false],
    ['a.registry.test', 'x.test registry.test:443', false],
    ['registry.test', 'registry.test:80', true],
    ['registry.test', '*.registry.test', true],
    // An address that nothing can be sent to.
    ['255.255.255.255', '255.255.255.0/24', false],
    ['255.255.255.255', '255.255.254.0/24, [::1]:443', true],
    ['255.255.255.255:5000', '255.255.255.255:443', true],
  ])('%s with %s: by the proxy %s', async (host, NO_PROXY, proxied) => {
    await using proxy = await startForwardProxy('127.0.0.1:9');
    const env = { HTTPS_PROXY: `http://${proxy.host}`, NO_PROXY };
    expect(proxyFor(new URL(`https://${host}/v2/`), env) !== undefined).toBe(proxied);
    await inspectBySkopeo(host, env);
    expect(proxy.log.length > 0).toBe(proxied);
  });
});
