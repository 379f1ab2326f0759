import { chmod, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ARM64, busybox, dockerArchive, idx, one, writeOciLayout } from '../support/fixtures/index.ts';
import { type Workplace, workplace } from '../support/oci-save.ts';
import { outputOf, type ProgramResult } from '../support/program.ts';
import { pushImage } from '../support/push.ts';
import {
  type Dockerd,
  type DockerRegistry,
  type Podman,
  startDockerd,
  startDockerRegistry,
  startPodman,
} from '../support/servers/index.ts';
import { toolPath } from '../support/tools.ts';
import { checkBundle } from '../support/whole-bundle.ts';

let work: Workplace;
let podman: Podman;
let dockerd: Dockerd;
let registry: DockerRegistry;

beforeAll(async () => {
  podman = await startPodman();
  dockerd = await startDockerd();
  const storage = `[storage]\ndriver = "vfs"\ngraphroot = "${podman.root}"\nrunroot = "${podman.runRoot}"\n`;
  const storageConf = path.join(path.dirname(podman.root), 'storage.conf');
  await writeFile(storageConf, storage);
  work = await workplace({ ...dockerd.env, CONTAINERS_STORAGE_CONF: storageConf });
  await writeFile(work.file('busybox.tar'), dockerArchive([busybox()]));
  await podman.load(work.file('busybox.tar'));
  await dockerd.docker('load', '-i', work.file('busybox.tar'));
  registry = await startDockerRegistry();
  await pushImage(registry.target, 'acme/app', one(), '1');
  await pushImage(registry.target, 'acme/arm', one({ platform: ARM64 }), '1');
  const local = { ...busybox({ seed: 'local' }), tags: [`${registry.host}/acme/app:1`] };
  await writeFile(work.file('local.tar'), dockerArchive([local]));
  await dockerd.docker('load', '-i', work.file('local.tar'));
  await writeOciLayout(work.file('layout'), [{ image: idx(), name: 'app:1' }]);
});
afterAll(async () => {
  await registry.close();
  await dockerd.close();
  await podman.close();
  await work.close();
});

describe('S3, S4, F7: images in the storages of this machine', () => {
  it.each([
    ['docker-daemon:busybox:latest', 'docker-daemon'],
    ['containers-storage:localhost/busybox:latest', 'containers-storage'],
  ])('%s, with no registry, by its image ID and its uncompressed layers', async (source, transport) => {
    const { exitCode, stderr } = await work.run(
      'save',
      `${source} => app:1`,
      '-p',
      'linux/amd64',
      '-o',
      transport,
    );
    expect([exitCode, stderr]).toEqual([0, expect.any(String)]);
    const lock = await work.lock(`${transport}/oci-save.lock.json`);
    const [image] = lock.images;
    expect(image).toMatchObject({
      source: transport,
      converted: {},
      diffIds: [expect.stringMatching(/^sha256:/)],
    });
    expect(await checkBundle(work.file(transport))).toEqual(['docker.io/library/app:1']);
    expect(Object.keys(lock.blobs)).toHaveLength(3);
  });
});

describe('S5: layouts, archives of layouts, and folders that skopeo wrote', () => {
  it('give the same manifests, byte for byte', async () => {
    const skopeo = toolPath('skopeo');
    const from = `oci:${work.file('layout')}:app:1`;
    const policy = ['--insecure-policy'];
    await outputOf(skopeo, [
      ...policy,
      'copy',
      '--all',
      '--preserve-digests',
      from,
      `oci-archive:${work.file('app.oci')}:app:1`,
    ]);
    await outputOf(skopeo, [
      ...policy,
      'copy',
      '--all',
      '--preserve-digests',
      from,
      `dir:${work.file('dir')}`,
    ]);
    const sources = ['oci:layout:app:1', 'oci-archive:app.oci:app:1', 'dir:dir'];
    for (const [at, source] of sources.entries()) {
      const { exitCode, stderr } = await work.run(
        'save',
        `${source} => app:1`,
        '-p',
        'all',
        '-o',
        `five-${at}`,
      );
      expect([exitCode, stderr]).toEqual([0, expect.any(String)]);
      const lock = await work.lock(`five-${at}/oci-save.lock.json`);
      expect(lock.images[0]?.digest).toBe(idx().top);
      expect(await checkBundle(work.file(`five-${at}`))).toEqual(['docker.io/library/app:1']);
    }
  });
});

describe('S6, S7, S8: where images without a transport are taken from', () => {
  const named = (): string => `${registry.host}/acme/app:1`;
  const run = (output: string, ...args: readonly string[]) =>
    work.run('save', '-o', output, '--insecure-registries', registry.host, ...args);

  it('S6: auto and remote take the registry’s, local the daemon’s, and each says so', async () => {
    const local = (await dockerd.images()).find(({ name }) => name === named())?.id;
    for (const source of [[], ['--source', 'remote']]) {
      const { exitCode, stderr } = await run('remote', named(), '-p', 'linux/amd64', ...source);
      expect([exitCode, stderr]).toEqual([0, expect.any(String)]);
      const [image] = (await work.lock('remote/oci-save.lock.json')).images;
      expect([image?.source, image?.digest]).toEqual(['docker', one().top]);
    }
    await registry.clear();
    const taken = await run('local', named(), '-p', 'linux/amd64', '--source', 'local');
    expect([taken.exitCode, taken.stderr]).toEqual([
      0,
      expect.stringContaining('taken from Docker’s daemon'),
    ]);
    const [image] = (await work.lock('local/oci-save.lock.json')).images;
    expect(image).toMatchObject({ ref: named(), source: 'docker-daemon', imageId: local });
    expect(await registry.requests()).toEqual([]);
    expect((await work.report('local.report.json')).images[0]?.notes.join()).toContain(
      'taken from Docker’s daemon',
    );
  });

  it('S7: an image of another platform is passed over, or named where there is no other place', async () => {
    const wanted = [named(), '-p', 'linux/arm64'];
    const alone = await run('arm', ...wanted, '--source', 'docker-daemon');
    expect([alone.exitCode, alone.stderr]).toEqual([1, expect.stringContaining('linux/amd64')]);
    const arm = `${registry.host}/acme/arm:1`;
    await dockerd.docker('tag', named(), arm);
    const { exitCode, stderr } = await run(
      'arm',
      arm,
      '-p',
      'linux/arm64',
      '--source',
      'docker-daemon,remote',
    );
    expect([exitCode, stderr]).toEqual([
      0,
      expect.stringContaining('taken from its registry; Docker’s daemon:'),
    ]);
  });

  it('S6: a registry that cannot be asked now leads to no other image', async () => {
    const gone = '127.0.0.1:1/acme/app:1';
    await dockerd.docker('tag', named(), gone);
    const order = [
      '--source',
      'remote,docker-daemon',
      '--insecure-registries',
      '127.0.0.1:1',
      '--retries',
      '0',
    ];
    const { exitCode, stderr } = await run('away', gone, '-p', 'linux/amd64', ...order);
    expect([exitCode, stderr]).toEqual([1, expect.stringMatching(/network: /)]);
    const swapped = await run('away', gone, '-p', 'linux/amd64', '--source', 'docker-daemon,remote');
    expect([swapped.exitCode, swapped.stderr]).toEqual([
      0,
      expect.stringContaining('taken from Docker’s daemon'),
    ]);
  });

  it('S7: a pinned image is never taken from Docker’s daemon', async () => {
    const { exitCode, stderr } = await run('pin', `${named()}@${one().top}`, '--source', 'docker-daemon');
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('it is pinned by digest')]);
  });

  it('S8: offline takes the store’s and this machine’s, asks nothing, and lists all that is missing', async () => {
    await registry.clear();
    const here = await run('off', named(), 'docker-daemon:busybox:latest', '-p', 'linux/amd64', '--offline');
    expect([here.exitCode, here.stderr]).toEqual([0, expect.stringContaining('taken from the store')]);
    const fresh = ['--cache-dir', 'empty', '--offline', '-p', 'linux/amd64'];
    const gone = await run('gone', named(), 'quay.io/acme/one:1', 'quay.io/acme/two:2', ...fresh);
    expect(gone.exitCode).toBe(1);
    expect(gone.stdout + gone.stderr).toMatch(
      /Failed: 2 of 3 images\n.*quay.io\/acme\/one:1\n.*quay.io\/acme\/two:2\n +not-found: it is in no place that was looked at: the store: the store does not know its tag; containers-storage: it is not there; Docker’s daemon: it is not there\n/,
    );
    expect(await registry.requests()).toEqual([]);
  });

  it('S8: offline and push or release contradict each other', async () => {
    const { exitCode, stderr } = await run('x', named(), '--offline', '--push', 'registry.example/a');
    expect([exitCode, stderr]).toEqual([
      2,
      expect.stringContaining('push and offline contradict each other'),
    ]);
  });
});

describe('K8: an image without a registry’s digest', () => {
  it('is converted once: the store knows what it became, and a blob that is gone brings it again', async () => {
    const save = async (output: string, ...args: readonly string[]): Promise<string> => {
      await work.succeed(
        'save',
        'docker-archive:busybox.tar => kept:1',
        '-o',
        output,
        '-p',
        'linux/amd64',
        '--cache-dir',
        'k8',
        ...args,
      );
      return (await work.lock(`${output}/oci-save.lock.json`)).images[0]?.digest ?? '';
    };
    const first = await save('k8-1');
    const log = work.file('skopeo.log');
    await writeFile(
      work.file('skopeo-told'),
      `#!/bin/sh\necho "$@" >>${log}\nexec ${toolPath('skopeo')} "$@"\n`,
    );
    await chmod(work.file('skopeo-told'), 0o755);
    const told = ['--skopeo', work.file('skopeo-told')];
    expect(await save('k8-2', ...told)).toBe(first);
    expect(await readFile(log, 'utf8')).not.toContain(' copy ');
    const [layer = ''] = (await work.lock('k8-1/oci-save.lock.json')).images[0]?.leaves[0]?.layers ?? [];
    await rm(work.file(`k8/blobs/sha256/${layer.slice('sha256:'.length)}`));
    expect(await save('k8-3', ...told)).toBe(first);
    expect(await readFile(log, 'utf8')).toContain(' copy ');
  });
});

describe('S10: a bundle, its archive and its parts as a list', () => {
  const again = async (list: string, output: string, ...args: readonly string[]): Promise<ProgramResult> =>
    work.run('save', '-f', list, '-o', output, '--archive', 'tar', '--cache-dir', `store-${output}`, ...args);

  it('give the same lock and archive with no request: they have the images, too', async () => {
    const insecure = ['--insecure-registries', registry.host];
    const lines = [`${registry.host}/acme/app:1`, 'docker-daemon:busybox:latest => kept:1'];
    const options = ['-p', 'linux/amd64', '--archive', 'tar', ...insecure];
    await work.succeed('save', ...lines, '-o', 'site', ...options);
    await work.succeed('save', ...lines, '-o', 'parts/site', '--split-size', '1MiB', ...options);
    await registry.clear();
    for (const [at, list] of ['site', 'site.tar', 'parts/site.tar.002', 'parts/site.parts.json'].entries()) {
      const { exitCode, stderr } = await again(list, `inner-${at}`);
      expect([list, exitCode, stderr]).toEqual([list, 0, expect.any(String)]);
      expect(await outputOf('cmp', [work.file('site.tar'), work.file(`inner-${at}.tar`)])).toBe('');
    }
    expect(await registry.requests()).toEqual([]);
  });

  it('a blob that is damaged there comes from its registry; offline, its image fails', async () => {
    await outputOf('cp', ['-r', work.file('site'), work.file('damaged')]);
    const [layer = ''] =
      (await work.lock('site/oci-save.lock.json')).images.find(({ source }) => source === 'docker')?.leaves[0]
        ?.layers ?? [];
    await writeFile(work.file(`damaged/blobs/sha256/${layer.slice('sha256:'.length)}`), 'wrong');
    const healed = await again('damaged', 'healed', '--insecure-registries', registry.host);
    expect([healed.exitCode, healed.stderr]).toEqual([0, expect.any(String)]);
    expect(await outputOf('cmp', [work.file('site.tar'), work.file('healed.tar')])).toBe('');
    const offline = await again('damaged', 'offline', '--offline');
    expect([offline.exitCode, offline.stderr]).toEqual([
      1,
      expect.stringContaining(layer.slice('sha256:'.length, 19)),
    ]);
  });
});
