import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Fault, startBadRegistry } from '../support/bad-registry.ts';
import { one } from '../support/fixtures/index.ts';
import { largestBlobOf } from '../support/image.ts';
import { type Workplace, workplace } from '../support/oci-save.ts';
import { type Certificates, makeCertificates } from '../support/servers/index.ts';
import { tempFolder, type TempFolder } from '../support/temp.ts';

/** SECURITY.md says which copier keeps which rule. skopeo moves the layers over 1 MiB, unless it is told otherwise. */
describe('found B4: a registry that leads a copier from https to plain HTTP', () => {
  const image = one({ seed: 'rules', layerBytes: 2 * 1024 * 1024 });
  const layer = largestBlobOf(image);
  let folder: TempFolder;
  let certificates: Certificates;
  let work: Workplace;

  beforeAll(async () => {
    folder = await tempFolder('rules');
    certificates = await makeCertificates(folder.path);
    work = await workplace({
      REGISTRY_AUTH_FILE: 'auth.json',
      SSL_CERT_FILE: certificates.ca,
      NODE_EXTRA_CA_CERTS: certificates.ca,
    });
  });
  afterAll(async () => {
    await work.close();
    await folder.close();
  });

  /** Saves the image from a registry over TLS that answers with `fault`. `plain` is where it leads. */
  async function saveBy(
    copier: string,
    faultOf: (plainUrl: string) => Fault,
  ): Promise<{ exitCode: number | null; stderr: string; credentials: boolean; asked: string[] }> {
    await using plain = await startBadRegistry({ images: { 'a:1': image } });
    const faults = [faultOf(plain.url)];
    await using secure = await startBadRegistry({ certificates, images: { 'a:1': image }, faults });
    const auth = Buffer.from('puller:correct horse').toString('base64');
    await writeFile(work.file('auth.json'), JSON.stringify({ auths: { [secure.host]: { auth } } }));
    // A store of its own: else the layer of the run before is there.
    const own = ['--cache-dir', `store-${plain.port}`, '-o', `out-${plain.port}`];
    const options = ['-p', 'all', '--retries', '0', '--copier', copier, ...own];
    const { exitCode, stderr } = await work.run('save', `${secure.host}/a:1`, ...options);
    const asked = plain.requests();
    return {
      exitCode,
      stderr,
      credentials: asked.some(({ authorization }) => authorization),
      asked: asked.map(({ path }) => path.replace(/\?.*$/, '')),
    };
  }

  const redirectOfLayer = (plainUrl: string): Fault => ({
    method: 'GET',
    path: new RegExp(`blobs/${layer}`),
    failure: { kind: 'status', status: 307, headers: { location: `${plainUrl}/v2/a/blobs/${layer}` } },
  });
  /** Our client asks no ping; skopeo begins with one. */
  const realmOfPing = (plainUrl: string): Fault => ({
    path: /^\/v2\/$/,
    failure: {
      kind: 'status',
      status: 401,
      headers: { 'www-authenticate': `Bearer realm="${plainUrl}/token",service="registry"` },
    },
  });
  const realmOfLayer = (plainUrl: string): Fault => ({ ...realmOfPing(plainUrl), path: new RegExp(layer) });

  it('with a redirect: the built-in client refuses it', async () => {
    const { exitCode, stderr, asked } = await saveBy('direct', redirectOfLayer);
    expect([exitCode, asked]).toEqual([1, []]);
    expect(stderr).toContain('redirects from https to plain HTTP');
  });

  it('with a redirect: skopeo follows it without credentials, and the layer that it brings is hashed', async () => {
    const { exitCode, asked, credentials } = await saveBy('skopeo', redirectOfLayer);
    expect([exitCode, asked, credentials]).toEqual([0, [`/v2/a/blobs/${layer}`], false]);
  });

  it('with a token service: the built-in client sends no credentials there', async () => {
    const { exitCode, stderr, asked } = await saveBy('direct', realmOfLayer);
    expect([exitCode, asked]).toEqual([1, []]);
    expect(stderr).toContain('that is not https, and would be sent credentials');
  });

  it('with a token service: skopeo sends the credentials there', async () => {
    const { asked, credentials } = await saveBy('skopeo', realmOfPing);
    expect([asked[0], credentials]).toEqual(['/token', true]);
  });
});
