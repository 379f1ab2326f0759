import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { outputOf, runProgram } from '../support/program.ts';
import { startContainerd, startPodman } from '../support/servers/index.ts';
import { tempFolder, type TempFolder } from '../support/temp.ts';
import { toolPath } from '../support/tools.ts';
import { serveSample } from './serving.ts';
import { sha256 } from './tree.ts';

describe('clients of the built-in registry', () => {
  let serving: Awaited<ReturnType<typeof serveSample>>;
  let folder: TempFolder;
  beforeAll(async () => {
    serving = await serveSample();
    folder = await tempFolder('clients of the built-in registry');
  });
  afterAll(async () => {
    await serving.close();
    await folder.close();
  });

  const at = (repository: string, reference: string) =>
    `${serving.address}/${repository}${reference.startsWith('sha256:') ? '@' : ':'}${reference}`;
  const skopeo = (...args: string[]) => outputOf(toolPath('skopeo'), ['--insecure-policy', ...args]);
  const crane = (...args: string[]) => outputOf(toolPath('crane'), args);
  /** What the server says that a tag is. */
  const digestOf = async (repository: string, tag: string): Promise<string> => {
    const { headers } = await serving.ask(`/v2/${repository}/manifests/${tag}`, { method: 'HEAD' });
    return String(headers['docker-content-digest']);
  };

  it('skopeo inspects every tag, byte for byte', async () => {
    for (const [repository, tag] of serving.sample.pullable) {
      const raw = await skopeo('inspect', '--raw', '--tls-verify=false', `docker://${at(repository, tag)}`);
      expect(sha256(raw)).toBe(await digestOf(repository, tag));
    }
  });

  it('skopeo copies an index with its children, and an image by its digest', async () => {
    const { wholeIndex, children, digestOnly } = serving.sample;
    const flags = ['--preserve-digests', '--src-tls-verify=false'];
    const whole = join(folder.path, 'whole');
    const multi = at('docker.io/library/multi', '1.0');
    await skopeo('copy', '--all', ...flags, `docker://${multi}`, `dir:${whole}`);
    const manifests = (await readdir(whole)).filter((name) => name.endsWith('.manifest.json'));
    expect(manifests.sort()).toEqual(children.map(({ digest }) => `${digest.slice(7)}.manifest.json`).sort());
    expect(await outputOf(toolPath('skopeo'), ['manifest-digest', join(whole, 'manifest.json')])).toContain(
      wholeIndex.digest,
    );
    const one = at('docker.io/library/one', digestOnly.manifest.digest);
    await skopeo('copy', ...flags, `docker://${one}`, `dir:${join(folder.path, 'one')}`);
    expect(await readdir(join(folder.path, 'one'))).toContain(digestOnly.layer.digest.slice(7));
  });

  it('eight skopeo at once fetch the same 20 MB', async () => {
    const { digest, size } = serving.sample.big.layer;
    await Promise.all(
      Array.from({ length: 8 }, (_, n) =>
        skopeo(
          'copy',
          '--preserve-digests',
          '--src-tls-verify=false',
          `docker://${at('large', '1.0')}`,
          `dir:${join(folder.path, `large-${n}`)}`,
        ),
      ),
    );
    const bodies = await Promise.all(
      Array.from({ length: 8 }, () => serving.ask(`/v2/large/blobs/${digest}`)),
    );
    for (const { body } of bodies) expect([body.length, sha256(body)]).toEqual([size, digest]);
    for (let n = 0; n < 8; n += 1) {
      const copied = await readFile(join(folder.path, `large-${n}`, digest.slice('sha256:'.length)));
      expect(sha256(copied)).toBe(digest);
    }
    for (let n = 1; n <= 16; n += 1) {
      const entry = await serving.ended(`/v2/large/blobs/${digest}`, n);
      expect([entry.status, entry.bytes, entry.problem]).toEqual([200, size, undefined]);
    }
  });

  it('crane lists, names digests, reads manifests and referrers, and validates', async () => {
    const { catalog, oci, docker, wholeIndex } = serving.sample;
    expect((await crane('catalog', '--insecure', serving.address)).trim().split('\n')).toEqual(catalog);
    const one = `${serving.address}/docker.io/library/one`;
    expect((await crane('ls', one)).trim().split('\n')).toEqual(['1.0', 'latest']);
    expect((await crane('digest', `${one}:1.0`)).trim()).toBe(oci.manifest.digest);
    const v2s2 = at('docker.io/library/v2s2', '1.0');
    expect(sha256(await crane('manifest', v2s2))).toBe(docker.manifest.digest);
    for (const [repository, tag] of serving.sample.pullable) {
      // Of the sparse index crane would want every child.
      const platform = repository.endsWith('/sparse') ? ['--platform', 'linux/amd64'] : [];
      if (platform.length > 0 && process.arch !== 'x64') platform[1] = `linux/${process.arch}`;
      const result = await runProgram(toolPath('crane'), [
        'validate',
        ...platform,
        '--remote',
        at(repository, tag),
      ]);
      expect(result.stdout + result.stderr).toContain(`PASS: ${at(repository, tag)}`);
    }
    await crane('pull', '--format', 'oci', at('docker.io/library/multi', '1.0'), join(folder.path, 'pulled'));
    expect(await readdir(join(folder.path, 'pulled', 'blobs', 'sha256'))).toContain(
      wholeIndex.digest.slice(7),
    );
  });

  it('crane finds a repository invalid that zot would not serve either', async () => {
    const result = await runProgram(toolPath('crane'), [
      'validate',
      '--remote',
      at('docker.io/library/unlisted', '1.0'),
    ]);
    expect(result.exitCode).not.toBe(0);
    expect(result.stderr).toContain('MANIFEST_UNKNOWN');
  });

  it('containerd pulls every tag with its digest', async () => {
    await using containerd = await startContainerd();
    for (const [repository, tag] of serving.sample.pullable) await containerd.pull(at(repository, tag));
    const digests = new Map((await containerd.images()).map(({ name, digest }) => [name, digest]));
    for (const [repository, tag] of serving.sample.pullable) {
      expect(digests.get(at(repository, tag))).toBe(await digestOf(repository, tag));
    }
  });

  it('found G3: containerd pulls by the names that images have, through the mirror of all hosts', async () => {
    const hosts = join(folder.path, 'hosts');
    await mkdir(join(hosts, '_default'), { recursive: true });
    const mirror = `[host."${serving.url}"]\n  capabilities = ["pull", "resolve"]\n`;
    await writeFile(join(hosts, '_default', 'hosts.toml'), mirror);
    await using containerd = await startContainerd();
    await containerd.ctr('images', 'pull', '--hosts-dir', hosts, 'docker.io/library/one:1.0');
    const [image] = await containerd.images();
    expect([image?.name, image?.digest]).toEqual([
      'docker.io/library/one:1.0',
      await digestOf('docker.io/library/one', '1.0'),
    ]);
  });

  it('podman pulls every tag with its digest', async () => {
    await using podman = await startPodman();
    for (const [repository, tag] of serving.sample.pullable) await podman.pull(at(repository, tag));
    const names = new Set((await podman.images()).map(({ name }) => name));
    for (const [repository, tag] of serving.sample.pullable) {
      expect(names).toContain(at(repository, tag));
      const pulled = await podman.podman(
        'image',
        'inspect',
        '--format',
        '{{.RepoDigests}}',
        at(repository, tag),
      );
      expect(pulled).toContain(await digestOf(repository, tag));
    }
  });

  it.each([
    [
      'skopeo',
      (to: string) => [
        'copy',
        '--src-tls-verify=false',
        '--dest-tls-verify=false',
        `docker://${at('a', '1')}`,
        `docker://${to}`,
      ],
    ],
    ['crane', (to: string) => ['copy', '--insecure', at('a', '1'), to]],
  ])('%s is told that the registry can only be read', async (tool, args) => {
    const result = await runProgram(toolPath(tool), [
      ...(tool === 'skopeo' ? ['--insecure-policy'] : []),
      ...args(at('new', '1')),
    ]);
    expect(result.exitCode).not.toBe(0);
    expect(result.stderr).toMatch(/unsupported: this registry can only be read/i);
  });
});
