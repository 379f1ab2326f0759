import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { registryPort, REF_NAME } from '../../src/image/index.ts';
import { isIndexType } from '../../src/oci/media-type.ts';
import { parseManifest } from '../../src/oci/manifest.ts';
import { openCredentialStore, type RegistryClient, type Repository } from '../../src/registry/index.ts';
import { d2, idx, one } from '../support/fixtures/index.ts';
import { type Image, topOf } from '../support/image.ts';
import { outputOf } from '../support/program.ts';
import { pushImage } from '../support/push.ts';
import { startDockerRegistry } from '../support/servers/docker-registry.ts';
import { smallDisk } from '../support/small-disk.ts';
import { tempFolder } from '../support/temp.ts';
import { toolPath } from '../support/tools.ts';
import { clientOf, failureOf } from './support.ts';

const SECRET = '{\n  "type": "key",\n  "pem": "-----BEGIN-----\\na b:c\\n"\n}';

async function pull(
  client: RegistryClient,
  repository: Repository,
  image: Image,
  tag: string,
): Promise<void> {
  const top = topOf(image);
  const head = await client.headManifest(repository, tag);
  expect(head).toEqual({ digest: image.top, mediaType: top.mediaType, size: top.bytes.length });
  expect((await client.getManifest(repository, tag)).bytes).toEqual(new Uint8Array(top.bytes));
  for (const [digest, { bytes, mediaType }] of image.manifests) {
    const served = await client.getManifest(repository, digest);
    const manifest = parseManifest(served.bytes, mediaType);
    expect(served).toEqual({ digest, mediaType, size: bytes.length, bytes: new Uint8Array(bytes), manifest });
    if (manifest.kind === 'index') continue;
    for (const blob of [manifest.config, ...manifest.layers]) {
      const whole = await client.getBlob(repository, blob);
      const bytesOf = Buffer.from(image.blobs.get(blob.digest) ?? []);
      expect((await buffer(whole.body)).equals(bytesOf)).toBe(true);
      const offset = Math.floor(blob.size / 2);
      const rest = await client.getBlob(repository, blob, { offset });
      expect(rest.offset).toBe(offset);
      expect((await buffer(rest.body)).equals(bytesOf.subarray(offset))).toBe(true);
    }
  }
}

describe('docker-registry', () => {
  it('is read whole and in parts, byte for byte, in OCI and Docker types', async () => {
    await using registry = await startDockerRegistry();
    const images = { one: one(), d2: d2(), idx: idx() };
    using client = clientOf([registry.host]);
    for (const [path, image] of Object.entries(images)) {
      await pushImage(registry.target, path, image, 'v1');
      await pull(client, { domain: registry.host, path }, image, 'v1');
    }
    expect(isIndexType(topOf(images.idx).mediaType)).toBe(true);
  });

  it('costs a HEAD an image, where that is all that is asked', async () => {
    await using registry = await startDockerRegistry();
    for (const path of ['a', 'b', 'c']) await pushImage(registry.target, path, one(), 'v1');
    await registry.clear();
    using client = clientOf([registry.host]);
    for (const path of ['a', 'b', 'c']) await client.headManifest({ domain: registry.host, path }, 'v1');
    const requests = await registry.requests();
    expect(requests.filter(({ path }) => path !== '/v2/').map(({ method }) => method)).toEqual([
      'HEAD',
      'HEAD',
      'HEAD',
    ]);
    expect(requests.every(({ userAgent }) => userAgent === 'oci-save/test')).toBe(true);
  });

  it('lists its tags, and none of a repository without any', async () => {
    await using registry = await startDockerRegistry();
    const image = one();
    for (const tag of ['b', 'a', 'c']) await pushImage(registry.target, 'team/app', image, tag);
    await pushImage(registry.target, 'team/untagged', image);
    using client = clientOf([registry.host]);
    const repository = { domain: registry.host, path: 'team/app' };
    expect(await client.listTags(repository)).toEqual(['a', 'b', 'c']);
    expect(await registryPort(client, repository).list()).toMatchObject(
      ['a', 'b', 'c'].map((tag) => ({ digest: image.top, annotations: { [REF_NAME]: tag } })),
    );
    // One without tags does not exist, for it.
    for (const path of ['team/untagged', 'team/other']) {
      const error = await failureOf(client.listTags({ domain: registry.host, path }));
      expect(error.code).toBe('not-found');
    }
  });

  it('says what is not there', async () => {
    await using registry = await startDockerRegistry();
    using client = clientOf([registry.host]);
    const repository = { domain: registry.host, path: 'team/app' };
    expect(await client.headManifest(repository, 'v1')).toBeUndefined();
    const error = await failureOf(client.getManifest(repository, 'v1'));
    expect(error.code).toBe('not-found');
    expect(error.message).toContain('404 (MANIFEST_UNKNOWN: manifest unknown)');
    const blob = { digest: one().top, size: 5 };
    expect((await failureOf(client.getBlob(repository, blob))).code).toBe('not-found');
  });

  it('T6: is not read in plain HTTP by whoever did not ask for it', async () => {
    await using registry = await startDockerRegistry();
    await pushImage(registry.target, 'a', one(), 'v1');
    await registry.clear();
    using client = clientOf([]);
    const error = await failureOf(client.getManifest({ domain: registry.host, path: 'a' }, 'v1'));
    expect(error.hint).toContain('insecure-registries');
    expect(await registry.requests()).toEqual([]);
  });

  it('in TLS is read by whoever named it', async () => {
    await using registry = await startDockerRegistry({ tls: 'server' });
    const image = one();
    await pushImage(registry.target, 'a', image, 'v1');
    using client = clientOf([registry.host]);
    await pull(client, { domain: registry.host, path: 'a' }, image, 'v1');
    const requests = await registry.requests({ kind: 'manifest' });
    expect(requests.length).toBeGreaterThan(0);
  });
});

describe('T1, T2: docker-registry with users', () => {
  const users = { 'robot$a+b': 'p w"d#%:', _json_key: SECRET, other: 'q' };
  const base64 = (user: keyof typeof users): string =>
    Buffer.from(`${user}:${users[user]}`).toString('base64');

  it.each([
    ['a host', (host: string) => ({ auths: { [host]: { auth: base64('robot$a+b') } } })],
    ['an address', (host: string) => ({ auths: { [`https://${host}/v2/`]: { auth: base64('robot$a+b') } } })],
    [
      'a namespace',
      (host: string) => ({
        auths: { [`${host}/team`]: { auth: base64('robot$a+b') }, [host]: { auth: 'eDp5' } },
      }),
    ],
    [
      'fields',
      (host: string) => ({ auths: { [host]: { username: 'robot$a+b', password: users['robot$a+b'] } } }),
    ],
    ['a helper of the host', (host: string) => ({ credHelpers: { [host]: 'demo' } })],
    ['a helper of all', (host: string) => ({ credsStore: 'demo', auths: { [host]: {} } })],
  ])('lets in by an auth file with %s', async (_, content) => {
    await using registry = await startDockerRegistry({ users });
    await using folder = await tempFolder('auth');
    const image = one();
    await pushImage(registry.target, 'team/app', image, 'v1');
    const authFile = join(folder.path, 'auth.json');
    await writeFile(authFile, JSON.stringify(content(registry.host)));
    const answer = JSON.stringify({ Username: '_json_key', Secret: SECRET });
    const script = `#!/bin/sh\nexec /bin/cat <<'END'\n${answer}\nEND\n`;
    await writeFile(join(folder.path, 'docker-credential-demo'), script, { mode: 0o755 });
    const credentials = await openCredentialStore({ authFile, env: { PATH: folder.path } });
    await registry.clear();
    using client = clientOf([registry.host], { credentials });
    await pull(client, { domain: registry.host, path: 'team/app' }, image, 'v1');
    const refused = (await registry.requests()).filter(
      ({ status, path }) => status === 401 && path !== '/v2/',
    );
    expect(refused).toHaveLength(1);
  });

  it('lets in by what skopeo wrote when it logged in', async () => {
    await using registry = await startDockerRegistry({ users });
    await using folder = await tempFolder('auth');
    const authFile = join(folder.path, 'auth.json');
    const image = one();
    await pushImage(registry.target, 'team/app', image, 'v1');
    await outputOf(
      toolPath('skopeo'),
      [
        'login',
        '--authfile',
        authFile,
        '--tls-verify=false',
        '-u',
        'other',
        '--password-stdin',
        registry.host,
      ],
      { input: 'q' },
    );
    expect(await readFile(authFile, 'utf8')).toContain(registry.host);
    const credentials = await openCredentialStore({ env: { REGISTRY_AUTH_FILE: authFile } });
    using client = clientOf([registry.host], { credentials });
    await pull(client, { domain: registry.host, path: 'team/app' }, image, 'v1');
  });

  it('keeps out who has no credentials, or wrong ones', async () => {
    await using registry = await startDockerRegistry({ users });
    const repository = { domain: registry.host, path: 'a' };
    using nobody = clientOf([registry.host]);
    expect((await failureOf(nobody.getManifest(repository, 'v1'))).message).toContain(
      'no credentials were sent',
    );
    const find = (): Promise<{ username: string; password: string }> =>
      Promise.resolve({ username: 'other', password: 'wrong-password' });
    using stranger = clientOf([registry.host], { credentials: { find } });
    const error = await failureOf(stranger.getManifest(repository, 'v1'));
    expect(error.code).toBe('denied');
    expect(error.message).toContain('credentials were sent and refused');
    expect(error.message).not.toContain('wrong-password');
  });
});

describe('docker-registry on a full disk', () => {
  it('is not asked again for an upload, and the cause is told', async () => {
    await using disk = await smallDisk(4 * 1024 * 1024);
    await using registry = await startDockerRegistry({ root: disk.path });
    using client = clientOf([registry.host], { retries: 5, retryMilliseconds: 1 });
    const repository = { domain: registry.host, path: 'team/app' };
    await disk.fill();
    const failure = await failureOf(client.beginUpload(repository));
    expect(failure).toMatchObject({
      code: 'quota',
      message: expect.stringMatching(/its disk is full|no space left/),
    });
    expect(await registry.requests({ method: 'POST' })).toHaveLength(1);
  });
});
