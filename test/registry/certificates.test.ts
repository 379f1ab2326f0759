import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OciSaveError } from '../../src/errors.ts';
import { isTemporary } from '../../src/registry/index.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { OCI_INDEX } from '../../src/oci/media-type.ts';
import { openTrust, type TrustOptions } from '../../src/trust/index.ts';
import { closable } from '../support/closable.ts';
import { startForwardProxy } from '../support/forward-proxy.ts';
import { jsonBytes } from '../support/image.ts';
import { listen } from '../support/listen.ts';
import { answerManifest, type Stub, startStub, type StubOptions } from '../support/registry-stub.ts';
import { type Authority, makeAuthority } from '../support/servers/index.ts';
import { tempFolder, type TempFolder } from '../support/temp.ts';
import { clientOf, failureOf, repositoryAt, type TestClient } from './support.ts';

const index = { mediaType: OCI_INDEX, bytes: jsonBytes({ schemaVersion: 2, manifests: [] }) };
const HERE = 'subjectAltName=IP:127.0.0.1\n';
const NO_CA = 'basicConstraints=critical,CA:FALSE\n';

let folder: TempFolder;
let authority: Authority;

beforeAll(async () => {
  folder = await tempFolder('certificates');
  authority = await makeAuthority(folder.path);
  const { sign } = authority;
  await sign('good', { extensions: HERE });
  await sign('old', { extensions: HERE, expired: true });
  await sign('other', { extensions: 'subjectAltName=DNS:other.test,DNS:second.test\n' });
  await sign('user', { extensions: `${HERE}extendedKeyUsage=clientAuth\n` });
  await sign('leaf', { extensions: NO_CA });
  await sign('by-leaf', { extensions: HERE, by: 'leaf' });
  await sign('powerless', { extensions: 'basicConstraints=critical,CA:TRUE\nkeyUsage=digitalSignature\n' });
  await sign('by-powerless', { extensions: HERE, by: 'powerless' });
});
afterAll(() => folder.close());

async function startWith(name: string, tls: Partial<StubOptions['tls']> = {}): Promise<Stub> {
  const { read } = authority;
  const own = { cert: await read(`${name}.crt`), key: await read(`${name}.key`), ...tls };
  return startStub((request, response) => answerManifest(request, response, index), { tls: own });
}

async function trusting(
  given: Partial<TrustOptions>,
  options: Parameters<typeof clientOf>[1] = {},
): Promise<TestClient> {
  const systemFiles = [authority.file('leaf.crt')];
  const trust = await openTrust({
    env: {},
    caFile: '',
    certsDir: '',
    systemFiles,
    onWarning: () => {},
    ...given,
  });
  return clientOf([], { trust: trust.of, ...options });
}

it('found J7: a connection that serves many requests is watched for its certificate once', async () => {
  const warnings: Error[] = [];
  const note = (warning: Error): void => void warnings.push(warning);
  process.on('warning', note);
  try {
    await using stub = await startWith('good');
    using client = await trusting({ caFile: authority.file('ca.crt') });
    for (let count = 0; count < 14; count += 1) await client.getManifest(repositoryAt(stub), '1');
    expect([stub.connections(), stub.lines().length]).toEqual([1, 14]);
  } finally {
    process.off('warning', note);
  }
  expect(warnings.map(({ name }) => name)).toEqual([]);
});

describe('found J7: a certificate that is not accepted is final at once, and is named with subject, issuer and reason', () => {
  it.each([
    ['good', 'leaf', 'CN=private authority is no authority that is known here', 'private authority'],
    ['old', 'ca', 'it expired on 2021-01-01', 'private authority'],
    ['other', 'ca', 'it is for other names (DNS:other.test, DNS:second.test)', 'private authority'],
    ['user', 'ca', 'it is not one of a server', 'private authority'],
    ['by-leaf', 'leaf', 'CN=leaf, which signed it, is no authority and may not sign', 'leaf'],
    [
      'by-powerless',
      'powerless',
      'CN=powerless, which signed it, is no authority and may not sign',
      'powerless',
    ],
  ])('%s, with %s as the authority: %s', async (server, ca, reason, issuer) => {
    await using stub = await startWith(server);
    using client = await trusting({ caFile: authority.file(`${ca}.crt`) });
    const error = await failureOf(client.getManifest(repositoryAt(stub), '1'));
    expect([error.code, isTemporary(error), stub.connections(), stub.lines()]).toEqual([
      'network',
      false,
      1,
      [],
    ]);
    expect(error.message).toMatch(/ \([A-Z_]+\)$/);
    expect(error.message.replace(/ \([A-Z_]+\)$/, '')).toBe(
      `${stub.host}/team/app:1: ${stub.host} has a certificate that is not accepted: ${reason}; ` +
        `its subject is CN=${server}, its issuer CN=${issuer}`,
    );
    const renewed: Record<string, RegExp> = {
      old: /^Ask who runs the host to renew it, and check the clock/,
      other: /^Write the host as its certificate has it/,
    };
    expect(error.hint).toMatch(
      renewed[server] ?? /--ca-file.*--certs-dir.*SSL_CERT_FILE.*NODE_EXTRA_CA_CERTS/,
    );
    expect(error.hint?.includes('--ca-file')).toBe(renewed[server] === undefined);
  });

  it('behind a proxy as well', async () => {
    await using stub = await startWith('old');
    await using proxy = await startForwardProxy(stub.host);
    using client = await trusting(
      { caFile: authority.file('ca.crt') },
      { env: { HTTPS_PROXY: `http://me:SECRET@${proxy.host}` } },
    );
    const error = await failureOf(client.getManifest({ domain: 'registry.test', path: 'a' }, '1'));
    expect([error.code, isTemporary(error), stub.lines()]).toEqual(['network', false, []]);
    expect(error.message).toContain(
      'registry.test has a certificate that is not accepted: it expired on 2021-01-01; its subject is CN=old, its issuer CN=private authority',
    );
    expect(proxy.log).toEqual(['CONNECT registry.test:443', 'CONNECT registry.test:443']);
  });

  it('behind a proxy, the look at it ends with the run', { timeout: 10_000 }, async () => {
    await using stub = await startWith('old');
    const looked = Promise.withResolvers<void>();
    // It greets nobody: the look would wait for it.
    const { host, end } = await listen(createServer(() => looked.resolve()));
    await using silent = closable({ host }, end);
    let tunnels = 0;
    await using proxy = await startForwardProxy(() => ((tunnels += 1) === 1 ? stub.host : silent.host));
    using client = await trusting(
      { caFile: authority.file('ca.crt') },
      { env: { HTTPS_PROXY: `http://${proxy.host}` } },
    );
    const controller = new AbortController();
    const reading = client.getManifest({ domain: 'registry.test', path: 'a' }, '1', controller.signal);
    const failing = failureOf(reading);
    await looked.promise;
    const reason = new OciSaveError({ code: 'interrupted', message: 'enough' });
    controller.abort(reason);
    expect(await failing).toBe(reason);
  });

  it('a server’s own certificate that is named as an authority is trusted, as with skopeo', async () => {
    await using stub = await startWith('good');
    using client = await trusting({ caFile: authority.file('good.crt') });
    expect((await client.getManifest(repositoryAt(stub), '1')).digest).toBe(digestOf(index.bytes));
  });
});

describe('T5: a registry that asks for a client certificate', () => {
  const start = async (): Promise<Stub> => startWith('good', { ca: await authority.read('ca.crt') });
  const put = async (name: string, from: string): Promise<void> => {
    const file = `${folder.path}/certs/${name}`;
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, await authority.read(from));
  };

  it('gets the one in the folder of its name, and no other registry does', async () => {
    await using stub = await start();
    await using other = await start();
    await put(`${stub.host}/me.cert`, 'user.crt');
    await put(`${stub.host}/me.key`, 'user.key');
    using client = await trusting({ caFile: authority.file('ca.crt'), certsDir: `${folder.path}/certs` });
    expect((await client.getManifest(repositoryAt(stub), '1')).digest).toBe(digestOf(index.bytes));
    const error = await failureOf(client.getManifest(repositoryAt(other), '1'));
    expect([error.code, isTemporary(error)]).toEqual(['network', false]);
    expect(error.message).toContain('asks for a client certificate that it accepts');
    expect(error.hint).toContain('--certs-dir');
  });

  it('with a key that is none: it is said, and nothing is sent', async () => {
    await using stub = await start();
    await put(`${stub.host}/me.cert`, 'user.crt');
    await put(`${stub.host}/me.key`, 'user.crt');
    using client = await trusting({ certsDir: `${folder.path}/certs` });
    const error = await failureOf(client.getManifest(repositoryAt(stub), '1'));
    expect([error.code, stub.connections()]).toEqual(['local', 0]);
    expect(error.message).toContain(`${stub.host}/me.cert cannot be used`);
  });
});
