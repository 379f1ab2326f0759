import { createHash } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RunReport } from '../../src/report/index.ts';
import { idx, one } from '../support/fixtures/index.ts';
import { type Workplace, workplace } from '../support/oci-save.ts';
import type { ProgramResult } from '../support/program.ts';
import { pushImage } from '../support/push.ts';
import { type ReleaseService, startReleaseService, WRITER } from '../support/release-service/index.ts';
import { type DockerRegistry, startDockerRegistry } from '../support/servers/index.ts';

const TAG = 'nightly';
const images = { one: one({ seed: 'release-one' }), idx: idx({ seed: 'release-idx' }) };

let source: DockerRegistry;
let target: DockerRegistry;
let service: ReleaseService;
let work: Workplace;
beforeAll(async () => {
  [source, target] = [await startDockerRegistry(), await startDockerRegistry()];
  for (const [name, image] of Object.entries(images))
    await pushImage(source.target, `app/${name}`, image, '1');
});
afterAll(async () => {
  await source.close();
  await target.close();
});
beforeEach(async () => {
  service = await startReleaseService();
  work = await workplace({ GITHUB_API_URL: service.url, GITHUB_REPOSITORY: 'org/site', GH_TOKEN: WRITER });
  const lines = Object.keys(images).map((name) => `${source.host}/app/${name}:1\n`);
  await writeFile(work.file('images.txt'), lines.join(''));
});
afterEach(async () => {
  const { violations } = service;
  await Promise.all([service.close(), work.close()]);
  expect(violations).toEqual([]);
});

/** A night: a fresh machine that releases the list, and keeps nothing. */
async function night(...more: readonly string[]): Promise<ProgramResult & { report: RunReport }> {
  await rm(work.file('store'), { recursive: true, force: true });
  await Promise.all([source.clear(), target.clear()]);
  service.clear();
  const hosts = ['--insecure-registries', source.host, '--insecure-registries', target.host];
  const lists = ['-f', 'images.txt', '-p', 'linux/amd64', '-o', 'none', '--archive-name', 'night'];
  const store = ['--cache-dir', 'store', '--copier', 'direct'];
  const result = await work.run('save', ...lists, ...hosts, ...store, '--release', TAG, ...more);
  return { ...result, report: await work.report('night.report.json') };
}

/** What was asked of a registry about content; one of unknown protocol is knocked at as well. */
const asked = async (registry: DockerRegistry): Promise<string[]> =>
  (await registry.requests()).filter(({ path }) => path !== '/v2/').map(({ method }) => method);
const writes = (): string[] =>
  service.calls().flatMap(({ method, path }) => (method === 'GET' ? [] : [`${method} ${path}`]));
const assets = (): { name: string }[] => service.releases[0]?.assets ?? [];

describe('a list that is released every night', () => {
  it.each([
    ['alone', 'whole', []],
    ['alone', 'in parts', ['--split-size', '64KiB']],
    ['and pushed', 'whole', ['--push']],
  ])('%s, %s, costs one HEAD per image where nothing changed, with an empty store', async (_, __, more) => {
    const args = more[0] === '--push' ? ['--push', `${target.host}/mirror`] : more;
    expect((await night(...args)).report.unchanged).toBeUndefined();
    const before = service.files(TAG);
    const { exitCode, stderr, report } = await night(...args);
    expect(exitCode).toBe(0);
    expect(await asked(source)).toEqual(['HEAD', 'HEAD']);
    expect(await asked(target)).toEqual(more[0] === '--push' ? ['HEAD', 'HEAD'] : []);
    expect(writes()).toEqual([]);
    // The release, its list of files, and those that tell what it has, with a redirect each: lock, report, parts.
    expect(service.calls().length).toBe(more.includes('--split-size') ? 8 : 6);
    expect(service.files(TAG)).toEqual(before);
    expect(stderr).toContain('unchanged: 2 images asked for');
    expect(stderr).toMatch(/Release {2}nightly of org\/site: (\d+) files, .*; \1 already there/);
    expect(report).toMatchObject({ unchanged: true, outcome: 'done', totals: { images: 2 } });
    expect(report.release?.assets.map(({ status }) => status)).toEqual(assets().map(() => 'there'));
  });

  it('is made again where a tag moved', async () => {
    await night();
    const before = service.files(TAG);
    await pushImage(source.target, 'app/one', one({ seed: 'release-moved' }), '1');
    const { report } = await night('--release-policy', 'replace');
    await pushImage(source.target, 'app/one', images.one, '1');
    expect(report.unchanged).toBeUndefined();
    expect(report.release?.failure).toBeUndefined();
    expect(service.files(TAG)).not.toEqual(before);
    expect((await night('--release-policy', 'replace')).report.unchanged).toBeUndefined();
    expect((await night()).report.unchanged).toBe(true);
  });

  it('is compared again where other platforms are wanted, although every digest is the same', async () => {
    await night();
    const { report } = await night('-p', 'all', '--release-policy', 'replace');
    expect(report.unchanged).toBeUndefined();
    expect(report.images.find(({ ref }) => ref.includes('idx'))?.platforms.length).toBeGreaterThan(1);
    expect((await night('-p', 'all')).report.unchanged).toBe(true);
  });

  it.each(['night.tar', 'night.lock.json', 'night.report.html', 'night.report.json', 'night.sha256'])(
    'is completed where the release has lost %s',
    async (lost) => {
      await night();
      const there = assets();
      const before = service.files(TAG).map((entry) => entry.replace(/ .*/, ''));
      there.splice(0, there.length, ...there.filter(({ name }) => name !== lost));
      expect((await night()).report.unchanged).toBeUndefined();
      expect(service.files(TAG).map((entry) => entry.replace(/ .*/, ''))).toEqual(before);
      expect((await night()).report.unchanged).toBe(true);
    },
  );

  it('is compared again where the release has another archive of the same images', async () => {
    await night();
    const there = assets();
    const kept = there.filter(({ name }) => !['night.tar', 'night.sha256'].includes(name));
    there.splice(0, there.length, ...kept);
    await night('--layout', 'zot', '--release-policy', 'replace');
    expect((await night('--release-policy', 'replace')).report.unchanged).toBeUndefined();
  });

  it('is sent again where the release has other bytes with matching sums', async () => {
    await night();
    const bytes = Buffer.alloc(100_000, 'x');
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const sums = Buffer.from(`${sha256}  night.tar\n`);
    const put = (name: string, content: Buffer): void => {
      const asset = service.releases[0]?.assets.find((one) => one.name === name);
      const digest = createHash('sha256').update(content).digest('hex');
      Object.assign(asset ?? {}, { bytes: content, size: content.length, sha256: digest });
    };
    put('night.tar', bytes);
    put('night.sha256', sums);
    const { report, exitCode } = await night();
    expect(report.unchanged).toBeUndefined();
    expect(exitCode).toBe(1);
    expect(report.release?.failure?.message).toContain('has other content');
  });

  it('does not count as released while the release is a draft', async () => {
    service.add({ tag: TAG, draft: true });
    await night();
    expect((await night()).report.unchanged).toBeUndefined();
  });

  it('requests manifests where a push target lacks what the release has', async () => {
    await night();
    const { report, exitCode } = await night('--push', `${target.host}/late`);
    expect(exitCode).toBe(0);
    expect(report.unchanged).toBeUndefined();
    expect(report.push?.[0]?.totals).toMatchObject({ pushed: 2 });
  });
});
