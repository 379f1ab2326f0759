import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { barrier } from '../support/barrier.ts';
import { type BadRegistry, startBadRegistry } from '../support/bad-registry.ts';
import { startCacheServer } from '../support/cache-server/index.ts';
import { buildImage, filledLayer, one } from '../support/fixtures/index.ts';
import { startForwardProxy } from '../support/forward-proxy.ts';
import type { Image } from '../support/image.ts';
import { runProgram } from '../support/program.ts';
import { type ReleaseService, startReleaseService } from '../support/release-service/index.ts';
import { JOB_TOKEN, type Runner, startRunner, type StepResult } from '../support/runner.ts';
import { tempFolder } from '../support/temp.ts';
import { checkBundle, isThere } from '../support/whole-bundle.ts';

const KIB = 1024;
const TAG_EVENT = { GITHUB_REF_TYPE: 'tag', GITHUB_REF_NAME: 'v2.0.0', GITHUB_REF: 'refs/tags/v2.0.0' };

let registry: BadRegistry;
let service: ReleaseService;
let runner: Runner;
beforeAll(async () => {
  registry = await startBadRegistry();
});
afterAll(() => registry.close());
beforeEach(async () => {
  registry.put('acme/one', one({ layerBytes: 500 * KIB }), '1');
  service = await startReleaseService({ tokens: { [JOB_TOKEN]: 'write', read_only: 'read' } });
  runner = await startRunner({ GITHUB_API_URL: service.url, ...TAG_EVENT });
});
afterEach(async () => {
  const { violations } = service;
  await Promise.all([service.close(), runner.close()]);
  expect(violations).toEqual([]);
});

const inputs = (more: Readonly<Record<string, string>> = {}): Record<string, string> => ({
  images: `${registry.host}/acme/one:1`,
  platforms: 'linux/amd64',
  copier: 'direct',
  'insecure-registries': registry.host,
  release: 'auto',
  'split-size': '320KiB',
  ...more,
});

function expectDone({ exitCode, raw }: StepResult): void {
  expect([exitCode, exitCode === 0 ? '' : raw]).toEqual([0, '']);
}

describe('a step that releases', () => {
  it('takes tag and token of the job, and tells the release’s page', async () => {
    const result = await runner.step(inputs());
    expectDone(result);
    const [release] = service.releases;
    expect(release).toMatchObject({ tag: 'v2.0.0', draft: false, target: 'main' });
    expect(result.outputs).toMatchObject({ archive: '', 'release-url': service.pageOf(release!) });
    expect(result.summary).toMatch(
      /\| Release \| v2\.0\.0 of org\/site, published: 10 files, \d+ KiB; 10 sent \(\[page\]\(http:/,
    );
    expect(result.groups).toContain('Releasing 10 files');
    expect(await isThere(runner.file('oci-bundle-v2.0.0.tar.001'))).toBe(false);
    expect(result.masks).toContain(JOB_TOKEN);
    expect(result.raw.replaceAll(`::add-mask::${JOB_TOKEN}`, '')).not.toContain(JOB_TOKEN);
  });

  it('writes the parts on the disk, too, where an archive is wanted: an output line each', async () => {
    const result = await runner.step(inputs({ archive: 'tar' }));
    expectDone(result);
    const parts = [1, 2, 3].map((at) => runner.file(`oci-bundle-v2.0.0.tar.00${at}`));
    expect(result.outputs['archive']).toBe(parts.join('\n'));
    for (const part of parts) expect(await isThere(part)).toBe(true);
    expect(result.summary).toContain('| Archive | `oci-bundle-v2.0.0.tar`, in 3 parts |');
    expect(result.summary).toContain('| `oci-bundle-v2.0.0.tar.003` | ');
  });

  it('makes a tag that is not there of the commit that it runs for', async () => {
    expectDone(
      await runner.step(inputs({ release: 'v3' }), {
        env: { GITHUB_REF_TYPE: 'branch', GITHUB_REF_NAME: 'main' },
      }),
    );
    expect(service.releases[0]).toMatchObject({
      tag: 'v3',
      target: '0123456789abcdef0123456789abcdef01234567',
    });
  });

  it('found K8: fails where its token may only read before it fetches, and says which permission it lacks', async () => {
    service.set({ tokens: { [JOB_TOKEN]: 'read' } });
    registry.clear();
    const result = await runner.step(inputs());
    expect(result.exitCode).toBe(1);
    const errors = result.annotations.filter(({ kind }) => kind === 'error');
    expect(errors).toHaveLength(1);
    expect(errors[0]?.message).toMatch(
      /^release v2\.0\.0 cannot be written: .*403 \(Resource not accessible by integration\)\nHint: .*permissions: contents: write/,
    );
    expect(result.summary).toMatch(/^## Failed\n/);
    expect(result.outputs).toMatchObject({ outcome: 'failed', path: '', 'release-url': '' });
    expect(registry.requests()).toEqual([]);
    expect(await isThere(runner.file('oci-bundle'))).toBe(false);
  });

  it('in a workflow for no tag is wrong use', async () => {
    const result = await runner.step(inputs(), {
      env: { GITHUB_REF_TYPE: 'branch', GITHUB_REF_NAME: 'main' },
    });
    expect(result.exitCode).toBe(1);
    expect(result.annotations.at(-1)?.message).toMatch(
      /runs for the branch main\nHint: Name the tag \(`release` v1\.2\.3\), or let the workflow run on: push: tags\.$/,
    );
    expect(service.calls()).toEqual([]);
  });

  it('says its hints in the words of a workflow', async () => {
    expectDone(await runner.step(inputs()));
    registry.put('acme/one', one({ seed: 'other', layerBytes: 300 * KIB }), '1');
    const result = await runner.step(inputs());
    expect(result.annotations.at(-1)?.message).toContain('replace what is there: `release-policy: replace`.');
  });

  it('goes through the proxy that the environment names', async () => {
    await using proxy = await startForwardProxy((host) =>
      host.startsWith('api.github.test') ? new URL(service.url).host : host,
    );
    const env = {
      GITHUB_API_URL: 'http://api.github.test',
      http_proxy: `http://me:pr0xy@${proxy.host}`,
      no_proxy: registry.host,
    };
    registry.put('acme/proxied', one({ layerBytes: 500 * KIB }), '1');
    expectDone(await runner.step(inputs({ images: `${registry.host}/acme/proxied:1` }), { env }));
    expect(proxy.log.filter((line) => line.includes('api.github.test')).length).toBeGreaterThan(0);
    expect(service.releases[0]?.assets).toHaveLength(10);
  });

  it('found K1: fails beside another step of the same run that releases another list under one name', async () => {
    registry.put('acme/two', one({ seed: 'two', layerBytes: 300 * KIB }), '1');
    const env = { GITHUB_RUN_ID: '4711', GITHUB_RUN_ATTEMPT: '1', GITHUB_JOB: 'bundle' };
    await using second = await startRunner({ GITHUB_API_URL: service.url, ...TAG_EVENT });
    const until = barrier(2);
    service.misbehave({ method: 'POST', path: /releases$/, times: 2, fault: { kind: 'held', until } });
    const results = await Promise.all([
      runner.step(inputs(), { env }),
      second.step(inputs({ images: `${registry.host}/acme/two:1` }), { env }),
    ]);
    const failed = results.filter(({ exitCode }) => exitCode !== 0);
    expect(failed).toHaveLength(1);
    expect(failed[0]?.annotations.at(-1)?.message).toMatch(
      /another job of this run \(job bundle, attempt 1\) writes oci-bundle-v2\.0\.0\.tar of another list[^]*`archive-name`/,
    );
    expect(service.releases).toHaveLength(1);
    expect(service.releases[0]).toMatchObject({ tag: 'v2.0.0', draft: false });
    const whole = results.find(({ exitCode }) => exitCode === 0);
    const assets = service.releases[0]?.assets ?? [];
    expect(whole?.summary).toContain(`${assets.length} files`);
  });
});

describe('found K1: two jobs of a matrix on one machine, with one release, one cache and one store', () => {
  const JOBS = ['one', 'two'] as const;
  const layered = (name: string): Image =>
    buildImage({ layers: [filledLayer('shared', 400 * KIB), filledLayer(name, 100 * KIB)] });

  it('started at once are both right, and fetch nothing when they run again, whatever is left', async () => {
    for (const name of JOBS) registry.put(`acme/${name}`, layered(name), '1');
    await using cache = await startCacheServer();
    const machine = await tempFolder('machine');
    /** Both jobs of a run, each with a fresh checkout, at the same moment. */
    const matrix = async (run: string, tag: string, store: string): Promise<StepResult[]> => {
      registry.clear();
      const until = barrier(JOBS.length);
      service.misbehave({ method: 'POST', path: /releases$/, times: 2, fault: { kind: 'held', until } });
      return Promise.all(
        JOBS.map(async (name) => {
          await using job = await startRunner({
            ...cache.env('v2'),
            GITHUB_API_URL: service.url,
            ...TAG_EVENT,
            GITHUB_REF_NAME: tag,
            GITHUB_RUN_ID: run,
            GITHUB_RUN_ATTEMPT: '1',
            GITHUB_JOB: 'bundle',
          });
          const result = await job.step(
            inputs({
              images: `${registry.host}/acme/${name}:1`,
              'archive-name': name,
              'split-size': '',
              'cache-dir': path.join(machine.path, store),
            }),
          );
          expectDone(result);
          expect(await checkBundle(job.file('oci-bundle'))).toEqual([
            expect.stringContaining(`acme/${name}:1`),
          ]);
          expect(await isThere(job.file('.oci-save'))).toBe(false);
          return result;
        }),
      );
    };
    /** What the release of a tag has, unpacked. */
    const expectReleased = async (tag: string): Promise<void> => {
      const release = service.releases.find((one) => one.tag === tag);
      expect(release).toMatchObject({ draft: false, body: expect.not.stringContaining('<!--') });
      expect(release?.assets).toHaveLength(10);
      for (const name of JOBS) {
        const folder = path.join(machine.path, tag, name);
        await mkdir(folder, { recursive: true });
        const tar = release?.assets.find((asset) => asset.name === `${name}.tar`)?.bytes;
        await runProgram('tar', ['-x', '-C', folder], { input: tar ?? '' });
        expect(await checkBundle(folder)).toEqual([expect.stringContaining(`acme/${name}:1`)]);
      }
    };
    const fetched = (): string[] =>
      registry.requests({ kind: 'blob', method: 'GET' }).map(({ path: asked }) => asked);

    await matrix('4711', 'v1', 'store');
    await expectReleased('v1');
    expect(service.releases).toHaveLength(1);
    // Each may bring the shared layer while the other does.
    expect(new Set(fetched().map((asked) => path.basename(asked))).size).toBe(5);

    const again = await matrix('4712', 'v2', 'store');
    expect([fetched(), again.map(({ outputs }) => outputs['cache-hit'])]).toEqual([[], ['true', 'true']]);
    await expectReleased('v2');

    const elsewhere = await matrix('4713', 'v3', 'another store');
    expect([fetched(), elsewhere.map(({ outputs }) => outputs['fetched-bytes'])]).toEqual([[], ['0', '0']]);
    await expectReleased('v3');
    await machine.close();
  });
});
