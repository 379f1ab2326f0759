import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import * as fixtures from './fixtures/index.ts';
import type { Image } from './image.ts';
import { outputOf, runProgram } from './program.ts';
import { pushImage } from './push.ts';
import { tally } from './registry-request.ts';
import {
  hasZot,
  startContainerd,
  startCraneRegistry,
  startDockerRegistry,
  startPodman,
  startZot,
  writeCertsDir,
} from './servers/index.ts';
import { tempFolder } from './temp.ts';
import { toolPath } from './tools.ts';

const { subject, signature, sbom } = fixtures.ref();
const cosign = fixtures.cosignSignature(subject);

/** `crane validate` reads gzip layers and their diff ids, and no others. */
const VALIDATED: Record<string, Image> = {
  one: fixtures.one(),
  d2: fixtures.d2(),
  idx: fixtures.idx(),
  dlist: fixtures.dlist(),
  nested: fixtures.nested(),
  windows: fixtures.windows(),
  shared1: fixtures.shared1(),
  shared2: fixtures.shared2(),
  untyped: fixtures.withoutMediaType(),
  subject,
};
const OTHERS: Record<string, Image> = {
  zst: fixtures.zst(),
  att: fixtures.att(),
  chart: fixtures.chart(),
  artifact: fixtures.emptyConfigArtifact(),
  plain: fixtures.uncompressed(),
  foreign: fixtures.foreign({ urls: ['http://127.0.0.1:1/layer'] }).image,
  'docker-zstd': fixtures.dockerZstd(),
  signature,
  sbom,
  cosign: cosign.image,
  fallback: fixtures.fallbackIndex(subject, [{ image: sbom, artifactType: fixtures.SBOM_TYPE }]).image,
};

async function rawDigest(host: string, name: string, ...flags: string[]): Promise<string> {
  const args = ['inspect', '--raw', ...flags, `docker://${host}/${name}`];
  return digestOf(Buffer.from(await outputOf(toolPath('skopeo'), args)));
}

describe('the tests’ docker-registry', () => {
  it('stores every fixture and serves it with its digest', async () => {
    await using registry = await startDockerRegistry();
    for (const [name, image] of Object.entries({ ...VALIDATED, ...OTHERS })) {
      await pushImage(registry.target, name, image, '1');
      expect([name, await rawDigest(registry.host, `${name}:1`, '--tls-verify=false')]).toEqual([
        name,
        image.top,
      ]);
    }
    for (const name of Object.keys(VALIDATED)) {
      await outputOf(toolPath('crane'), ['validate', '--insecure', '--remote', `${registry.host}/${name}:1`]);
    }
  });

  it('logs each request, and clears its log', async () => {
    await using registry = await startDockerRegistry();
    await pushImage(registry.target, 'org/one', fixtures.one(), '1');
    await registry.clear();
    const copy = ['copy', '--src-tls-verify=false', `docker://${registry.host}/org/one:1`];
    await using folder = await tempFolder();
    await outputOf(toolPath('skopeo'), [...copy, `dir:${folder.path}`]);
    expect(tally(await registry.requests({ skopeo: true }))).toEqual({
      'GET ping': 1,
      'GET manifest': 1,
      'GET blob': 2,
    });
    expect(await registry.requests({ skopeo: false })).toEqual([]);
  });

  it('requires a password', async () => {
    await using registry = await startDockerRegistry({ users: { user$1: 'pass word' } });
    await pushImage(registry.target, 'one', fixtures.one(), '1');
    const inspect = ['inspect', '--raw', '--tls-verify=false', `docker://${registry.host}/one:1`];
    expect((await runProgram(toolPath('skopeo'), inspect)).exitCode).toBe(1);
    const digest = await rawDigest(registry.host, 'one:1', '--tls-verify=false', '--creds=user$1:pass word');
    expect(digest).toBe(fixtures.one().top);
  });

  it.each(['server', 'mutual'] as const)('serves TLS of a private authority: %s', async (tls) => {
    await using registry = await startDockerRegistry({ tls });
    await using folder = await tempFolder();
    if (!registry.certificates) throw new Error('no certificates');
    const mutual = tls === 'mutual';
    const certs = await writeCertsDir(folder.path, registry.host, registry.certificates, mutual);
    const flags = ['--no-creds', '--cert-dir', join(certs, registry.host)];
    const inspect = ['inspect', '--raw', `docker://${registry.host}/nothing:1`];
    const refused = await runProgram(toolPath('skopeo'), inspect);
    expect(refused.stderr).toMatch(/x509|certificate/);
    const { stderr } = await runProgram(toolPath('skopeo'), [...inspect, ...flags]);
    expect(stderr).toMatch(/manifest unknown|name unknown/i);
  });

  it('serves an existing folder, and can restart on its port', async () => {
    await using folder = await tempFolder();
    const first = await startDockerRegistry({ root: folder.path });
    await pushImage(first.target, 'one', fixtures.one(), '1');
    await first.close();
    expect(await readdir(folder.path)).toEqual(['docker']);
    await using second = await startDockerRegistry({ root: folder.path, port: first.port, readOnly: true });
    expect(second.host).toBe(first.host);
    expect(await rawDigest(second.host, 'one:1', '--tls-verify=false')).toBe(fixtures.one().top);
    await expect(pushImage(second.target, 'two', fixtures.d2(), '1')).rejects.toThrow(/405/);
  });
});

describe('the other registries of the tests', () => {
  it('crane registry stores an index', async () => {
    await using registry = await startCraneRegistry();
    await pushImage({ host: registry.host }, 'org/idx', fixtures.idx(), '1');
    expect(await rawDigest(registry.host, 'org/idx:1', '--tls-verify=false')).toBe(fixtures.idx().top);
  });

  // In no package registry, so that there is no such test where ZOT_BIN and PATH have none.
  it.each(hasZot() ? [startZot] : [])('zot takes an index and a Docker list', async (start) => {
    await using zot = await start();
    for (const [name, image] of Object.entries({ idx: fixtures.idx(), dlist: fixtures.dlist() })) {
      await pushImage({ host: zot.host }, name, image, '1');
      expect(await rawDigest(zot.host, `${name}:1`, '--tls-verify=false')).toBe(image.top);
    }
  });

  it.each(hasZot() ? [startZot] : [])('zot is read only over a given folder', async (start) => {
    await using folder = await tempFolder();
    await fixtures.writeOciLayout(join(folder.path, 'one'), [{ image: fixtures.one(), name: '1' }]);
    await using zot = await start({ root: folder.path });
    expect(await rawDigest(zot.host, 'one:1', '--tls-verify=false')).toBe(fixtures.one().top);
    await expect(pushImage({ host: zot.host }, 'two', fixtures.d2(), '1')).rejects.toThrow(/401/);
  });
});

describe('the container runtimes of the tests', () => {
  it('containerd imports a layout and pulls over plain HTTP', async () => {
    await using registry = await startDockerRegistry();
    await using containerd = await startContainerd();
    await using folder = await tempFolder();
    const [one, idx] = [fixtures.one(), fixtures.idx()];
    await fixtures.writeOciLayout(folder.path, [{ image: one, name: 'v1' }]);
    await outputOf('tar', [
      '-C',
      folder.path,
      '-cf',
      join(folder.path, 'a.tar'),
      'oci-layout',
      'index.json',
      'blobs',
    ]);
    await containerd.import(join(folder.path, 'a.tar'), '--base-name', 'local/one');
    await pushImage(registry.target, 'idx', idx, '1');
    await containerd.pull(`${registry.host}/idx:1`);
    expect(await containerd.images()).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ name: 'local/one:v1', digest: one.top }),
        expect.objectContaining({ name: `${registry.host}/idx:1`, digest: idx.top }),
      ]),
    );
  });

  it('podman loads a docker-archive and pulls with the digest', async () => {
    await using registry = await startDockerRegistry();
    await using podman = await startPodman();
    await using folder = await tempFolder();
    const archive = join(folder.path, 'busybox.tar');
    await writeFile(archive, fixtures.dockerArchive([fixtures.busybox()]));
    await podman.load(archive);
    await pushImage(registry.target, 'd2', fixtures.d2(), '1');
    await podman.pull(`${registry.host}/d2:1`);
    expect((await podman.images()).map(({ name, digest }) => [name, digest])).toEqual(
      expect.arrayContaining([
        ['localhost/busybox:latest', expect.anything()],
        [`${registry.host}/d2:1`, fixtures.d2().top],
      ]),
    );
  });

  it('skopeo reads a docker-archive and a layout', async () => {
    await using folder = await tempFolder();
    const archive = join(folder.path, 'two.tar');
    const second = { image: fixtures.d2(), tags: ['registry.example/d2:1', 'registry.example/d2:2'] };
    await writeFile(archive, fixtures.dockerArchive([fixtures.busybox(), second]));
    const names = await outputOf(toolPath('skopeo'), ['list-tags', `docker-archive:${archive}`]);
    expect(names).toContain('registry.example/d2:2');
    await fixtures.writeOciLayout(join(folder.path, 'layout'), [{ image: fixtures.zst(), name: 'v1' }]);
    const raw = await outputOf(toolPath('skopeo'), [
      'inspect',
      '--raw',
      `oci:${join(folder.path, 'layout')}:v1`,
    ]);
    expect(digestOf(Buffer.from(raw))).toBe(fixtures.zst().top);
  });
});
