import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ARM64, busybox, dockerArchive, idx, one, writeOciLayout } from '../support/fixtures/index.ts';
import { CLI, type Workplace, workplace } from '../support/oci-save.ts';
import { outputOf, type ProgramResult, runProgram } from '../support/program.ts';
import { pushImage } from '../support/push.ts';
import {
  type Dockerd,
  type Podman,
  startDockerd,
  startDockerRegistry,
  startPodman,
} from '../support/servers/index.ts';
import { asRoot } from '../support/tools.ts';
import { checkBundle } from '../support/whole-bundle.ts';

let work: Workplace;
let podman: Podman;
let dockerd: Dockerd;
/** Of a registry that is gone, in the store. */
let stored: string;
let pinned: string;

/** Sources of this machine, each under a name of its own. */
const LOCAL = [
  'docker-archive:busybox.tar',
  'docker-archive:podman.tar:localhost/two:2 => two:2',
  'docker-daemon:busybox:latest => daemon:1',
  'containers-storage:localhost/two:2 => storage:2',
  'oci:layout:app:1 => layout:1',
  'oci-archive:podman.oci => archive:1',
  'dir:podman-dir => copied:1',
];
const NAMES = [
  'docker.io/library/archive:1',
  'docker.io/library/busybox:latest',
  'docker.io/library/copied:1',
  'docker.io/library/daemon:1',
  'docker.io/library/layout:1',
  'docker.io/library/storage:2',
  'docker.io/library/two:2',
];

beforeAll(async () => {
  podman = await startPodman();
  dockerd = await startDockerd();
  const storageConf = path.join(path.dirname(podman.root), 'storage.conf');
  await writeFile(
    storageConf,
    `[storage]\ndriver = "vfs"\ngraphroot = "${podman.root}"\nrunroot = "${podman.runRoot}"\n`,
  );
  work = await workplace({ ...dockerd.env, CONTAINERS_STORAGE_CONF: storageConf });
  await writeFile(work.file('busybox.tar'), dockerArchive([busybox()]));
  const two = { ...busybox({ seed: 'two' }), tags: ['localhost/two:2', 'localhost/other:3'] };
  await writeFile(work.file('two.tar'), dockerArchive([two]));
  await dockerd.docker('load', '-i', work.file('busybox.tar'));
  await podman.load(work.file('two.tar'));
  const save = (format: string, file: string): Promise<string> =>
    podman.podman('save', '-q', '--format', format, '-o', work.file(file), 'localhost/two:2');
  await save('docker-archive', 'podman.tar');
  await save('oci-archive', 'podman.oci');
  await save('docker-dir', 'podman-dir');
  await writeOciLayout(work.file('layout'), [{ image: idx(), name: 'app:1' }]);
  await using registry = await startDockerRegistry();
  await pushImage(registry.target, 'acme/one', one(), '1');
  await pushImage(registry.target, 'acme/idx', idx(), '1');
  stored = `${registry.host}/acme/idx:1`;
  pinned = `${registry.host}/acme/one:1@${one().top}`;
  await work.succeed(
    'save',
    stored,
    pinned,
    '-p',
    'linux/amd64',
    '-o',
    'earlier',
    '--insecure-registries',
    registry.host,
  );
});
afterAll(async () => {
  await dockerd.close();
  await podman.close();
  await work.close();
});

/** A save where there is no network at all, not even loopback. */
function saveAlone(output: string, ...args: readonly string[]): Promise<ProgramResult> {
  const call = [process.execPath, CLI, 'save', '-p', 'linux/amd64', '-o', output, ...args];
  const [file, given] = asRoot('unshare', ['--net', ...call]);
  return runProgram(file, given, { env: work.env, cwd: work.folder });
}

describe('S2 to S5, S8: on a machine without any network', () => {
  it('every transport of this machine, with no request and no word about offline', async () => {
    const { exitCode, stderr } = await saveAlone('local', ...LOCAL);
    expect([exitCode, stderr]).toEqual([0, expect.not.stringContaining('error')]);
    expect((await checkBundle(work.file('local'))).toSorted()).toEqual(NAMES);
  });

  it('the same with offline, from a store that is empty, and the same digests', async () => {
    await writeFile(work.file('list.txt'), LOCAL.join('\n'));
    const fresh = ['--offline', '--cache-dir', 'fresh'];
    const { exitCode, stderr } = await saveAlone('again', '-f', 'list.txt', ...fresh);
    expect([exitCode, stderr]).toEqual([0, expect.any(String)]);
    expect(await readFile(work.file('again/oci-save.lock.json'), 'utf8')).toBe(
      await readFile(work.file('local/oci-save.lock.json'), 'utf8'),
    );
  });

  it('images of registries that the store has, by tag and by digest; offline alone lets them come', async () => {
    const { exitCode, stderr } = await saveAlone('stored', stored, pinned, ...LOCAL, '--offline');
    expect([exitCode, stderr]).toEqual([0, expect.stringContaining('taken from the store')]);
    expect((await work.lock('stored/oci-save.lock.json')).images).toHaveLength(9);
    const asked = await saveAlone('asked', stored, '--retries', '0');
    expect([asked.exitCode, asked.stderr]).toEqual([1, expect.stringContaining('network')]);
  });

  it('all that is missing, in one list', async () => {
    const gone = ['quay.io/acme/gone:1', `quay.io/acme/pinned@${one({ platform: ARM64 }).top}`];
    const { exitCode, stdout, stderr } = await saveAlone('gone', stored, ...gone, '--offline');
    expect(exitCode).toBe(1);
    const all = stdout + stderr;
    expect(all).toContain('Failed: 2 of 3 images');
    for (const name of ['quay.io/acme/gone:1', 'quay.io/acme/pinned@sha256:']) expect(all).toContain(name);
  });

  it.each([
    [
      ['-f', `https://registry.example/list.txt#sha256=${'1'.repeat(64)}`],
      'is not fetched: nothing is asked',
    ],
    [['app:1', '--skopeo', `https://registry.example/skopeo#sha256=${'1'.repeat(64)}`], 'skopeo and offline'],
    [['app:1', '--push', 'registry.example/x'], 'push and offline contradict'],
    [['app:1', '--release', 'v1'], 'release and offline contradict'],
  ])('what would ask a network is refused: %s', async (args, words) => {
    const { exitCode, stderr } = await work.run('save', '-o', 'refused', '--offline', ...args);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining(words)]);
  });

  it('a machine without skopeo tells what the store lacks; places that were named need skopeo', async () => {
    const env = { ...work.env, PATH: '/nowhere' };
    const call = (...args: readonly string[]): Promise<ProgramResult> =>
      runProgram(process.execPath, [CLI, 'save', '-o', 'x', ...args], { env, cwd: work.folder });
    const missing = await call('quay.io/acme/gone:1', '--offline');
    expect([missing.exitCode, missing.stderr]).toEqual([
      1,
      expect.stringContaining('containers-storage: it cannot be looked at: skopeo is not installed'),
    ]);
    expect(await call('app:1', '--source', 'local')).toMatchObject({ exitCode: 2 });
  });
});

describe('S2: docker archives as people have them', () => {
  it('the name is the archive’s own; where it has several, all of them are told', async () => {
    await podman.podman('tag', 'localhost/two:2', 'localhost/more:4');
    const both = ['localhost/two:2', 'localhost/more:4'];
    await podman.podman('save', '-q', '-m', '-o', work.file('both.tar'), ...both);
    const several = await work.run('save', 'docker-archive:both.tar', '-o', 'both', '-p', 'linux/amd64');
    expect([several.exitCode, several.stderr]).toEqual([
      1,
      expect.stringMatching(/the archive has several names/),
    ]);
    for (const name of both) expect(several.stdout + several.stderr).toContain(name);
    const none = await work.run('save', 'docker-archive:both.tar:nope:1', '-o', 'both', '-p', 'linux/amd64');
    expect([none.exitCode, none.stderr]).toEqual([
      1,
      expect.stringContaining('the archive has no image of this name'),
    ]);
    const named = both.map((name) => `docker-archive:both.tar:${name}`);
    await work.succeed('save', ...named, '-o', 'both', '-p', 'linux/amd64');
    expect(await checkBundle(work.file('both'))).toEqual(['localhost/more:4', 'localhost/two:2']);
  });

  it('an image that buildah built', async () => {
    const storage = ['--root', podman.root, '--runroot', podman.runRoot, '--storage-driver', 'vfs'];
    const buildah = (...args: readonly string[]): Promise<string> =>
      outputOf(...asRoot('buildah', [...storage, ...args]), { env: podman.env });
    const container = (await buildah('from', 'scratch')).trim();
    await buildah('copy', container, work.file('list.txt'), '/list.txt');
    await buildah('commit', '-q', container, 'localhost/built:1');
    await work.succeed('save', 'containers-storage:localhost/built:1', '-o', 'built', '-p', 'linux/amd64');
    expect(await checkBundle(work.file('built'))).toEqual(['localhost/built:1']);
  });
});
