import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { busybox, dockerArchive, idx, writeOciLayout } from '../support/fixtures/index.ts';
import { type Workplace, workplace } from '../support/oci-save.ts';
import { outputOf } from '../support/program.ts';
import { type Dockerd, type Podman, startDockerd, startPodman } from '../support/servers/index.ts';
import { toolPath } from '../support/tools.ts';
import { checkBundle } from '../support/whole-bundle.ts';

let work: Workplace;
let podman: Podman;
let dockerd: Dockerd;

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
  await writeOciLayout(work.file('layout'), [{ image: idx(), name: 'app:1' }]);
});
afterAll(async () => {
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
