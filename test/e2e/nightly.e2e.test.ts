import { rm, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { d2, idx, one } from '../support/fixtures/index.ts';
import { type Workplace, workplace } from '../support/oci-save.ts';
import { pushImage } from '../support/push.ts';
import { startPushRegistry } from '../support/push-registry.ts';
import { type DockerRegistry, startDockerRegistry } from '../support/servers/index.ts';

let source: DockerRegistry;
let target: DockerRegistry;
let work: Workplace;
const images = {
  one: one({ seed: 'night-one' }),
  d2: d2({ seed: 'night-d2' }),
  idx: idx({ seed: 'night-idx' }),
};

beforeAll(async () => {
  [source, target] = [await startDockerRegistry(), await startDockerRegistry()];
  work = await workplace();
  for (const [name, image] of Object.entries(images))
    await pushImage(source.target, `app/${name}`, image, '1');
  const lines = Object.keys(images).map((name) => `${source.host}/app/${name}:1\n`);
  await writeFile(work.file('images.txt'), lines.join(''));
});
afterAll(async () => {
  await work.close();
  await source.close();
  await target.close();
});

/** A night: a fresh machine that mirrors the list, and keeps nothing. */
async function night(...more: readonly string[]): ReturnType<Workplace['run']> {
  await rm(work.file('store'), { recursive: true, force: true });
  await source.clear();
  await target.clear();
  const hosts = ['--insecure-registries', source.host, '--insecure-registries', target.host];
  const lists = ['-f', 'images.txt', '-p', 'all', '-o', 'none', '--archive-name', 'night'];
  return work.run(
    'save',
    ...lists,
    ...hosts,
    '--cache-dir',
    'store',
    '--push',
    `${target.host}/mirror`,
    ...more,
  );
}

/** What was asked about content; a registry of unknown protocol is knocked at as well. */
const asked = async (registry: DockerRegistry): Promise<string[]> =>
  (await registry.requests()).filter(({ path }) => path !== '/v2/').map(({ method }) => method);

describe('a list that is mirrored every night', () => {
  beforeEach(async () => {
    expect((await night()).stderr).not.toContain('Failed');
  });

  it('case A3: costs one HEAD per image at source and target where nothing changed, with an empty store', async () => {
    const result = await night();
    expect(result.exitCode).toBe(0);
    expect(result.stderr).toContain('unchanged: 3 images asked for');
    for (const registry of [source, target]) {
      expect(await asked(registry)).toEqual(['HEAD', 'HEAD', 'HEAD']);
    }
    const report = await work.report('night.report.json');
    expect(report.unchanged).toBe(true);
    expect(report.images.map(({ status, digest }) => [status, digest])).toEqual(
      expect.arrayContaining(Object.values(images).map(({ top }) => ['unchanged', top])),
    );
    expect(report.push?.[0]?.totals).toMatchObject({ unchanged: 3, pushed: 0, sentBytes: 0 });
  });

  it('costs the blobs of the one tag that moved, and no others', async () => {
    const moved = one({ seed: `night-moved` });
    await pushImage(source.target, 'app/one', moved, '1');
    const result = await night();
    expect(result.exitCode).toBe(0);
    // Only its config tells the platform of an image without an index.
    const fetched = (await source.requests({ kind: 'blob', method: 'GET' }))
      .filter(({ bytes }) => bytes > 10_000)
      .map(({ path }) => path);
    expect(fetched.length).toBeGreaterThan(0);
    expect(fetched.filter((path) => !path.startsWith('/v2/app/one/'))).toEqual([]);
    const report = await work.report('night.report.json');
    expect(report.unchanged).toBeUndefined();
    expect(report.images.map(({ status }) => status).toSorted()).toEqual([
      'fetched',
      'unchanged',
      'unchanged',
    ]);
    expect(report.push?.[0]?.totals).toMatchObject({ pushed: 1, unchanged: 2 });
    await pushImage(source.target, 'app/one', images.one, '1');
  });

  it('fetches images that a target has lost, and names an image that the source has lost', async () => {
    await writeFile(work.file('more.txt'), `${source.host}/app/gone:1\n`);
    const result = await night('-f', 'more.txt');
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toMatch(/app\/gone:1/);
    expect((await work.report('night.report.json')).failed.map(({ class: c }) => c)).toEqual(['not-found']);
  });

  it('brings a newly listed platform to a target that has the index without it', async () => {
    await using sparse = await startPushRegistry({ sparse: 'all' });
    const to = ['--push', sparse.host, '--insecure-registries', sparse.host];
    const leaves = (): number =>
      [...sparse.contents.repositories.values()].reduce((sum, { manifests }) => sum + manifests.size, 0);
    expect((await night('-p', 'linux/amd64', ...to)).exitCode).toBe(0);
    const before = leaves();
    await writeFile(work.file('arm.txt'), `--platform=linux/arm64 ${source.host}/app/idx:1\n`);
    await night('-p', 'linux/amd64', '-f', 'arm.txt', ...to);
    const { push = [] } = await work.report('night.report.json');
    expect(push.find(({ target: at }) => at === sparse.host)?.totals).toMatchObject({ pushed: 1, failed: 0 });
    expect(leaves()).toBe(before + 1);
    sparse.clear();
    await night('-p', 'linux/amd64', '-f', 'arm.txt', ...to);
    const methods = sparse.requests().flatMap(({ method, path }) => (path === '/v2/' ? [] : [method]));
    expect(new Set(methods)).toEqual(new Set(['HEAD']));
  });

  it('makes no request to the source of an image that is pinned by digest and stored', async () => {
    const pinned = `${source.host}/app/idx@${images.idx.top}`;
    const to = [
      '-o',
      'none',
      '--archive-name',
      'pin',
      '--cache-dir',
      'kept',
      '--push',
      `${target.host}/pins`,
    ];
    const hosts = ['--insecure-registries', `${source.host},${target.host}`];
    await work.succeed('save', pinned, '-p', 'all', ...hosts, ...to);
    await source.clear();
    await work.succeed('save', pinned, '-p', 'all', ...hosts, ...to);
    expect(await source.requests()).toEqual([]);
    expect((await work.report('pin.report.json')).unchanged).toBe(true);
  });

  it('reports two images under one name, although a target has one of them', async () => {
    const list = ['linux/amd64', 'linux/arm64'].map((platform, at) => {
      const ref = at === 0 ? `${source.host}/app/idx:1` : `${source.host}/app/idx@${images.idx.top}`;
      return `--platform=${platform} ${ref} => ${source.host}/app/idx:1`;
    });
    await writeFile(work.file('two.txt'), list.join('\n'));
    const { exitCode, stderr } = await night('-f', 'two.txt');
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('two images would be stored as')]);
  });

  it('requests manifests where a target gets narrowed indexes', async () => {
    const result = await night('--index', 'narrow');
    expect(result.exitCode).toBe(0);
    expect((await work.report('night.report.json')).unchanged).toBeUndefined();
  });
});
