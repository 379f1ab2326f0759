import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type BadRegistry, startBadRegistry } from '../support/bad-registry.ts';
import { one } from '../support/fixtures/index.ts';
import { call } from '../support/http.ts';
import type { Workplace } from '../support/oci-save.ts';
import { type ReleaseService, WRITER } from '../support/release-service/index.ts';
import { type Releasing, startReleasing } from '../support/releasing.ts';

const TAG = 'v1.2.3';
const LOST = 'untagged-0123456789abcdef0123';
const TEXT = 'Container images for places without internet.';
const OLD_MARK = '<!-- oci-save: published when whole -->';
const MARK = `<!-- oci-save: published when whole {"tag":"${TAG}"} -->`;

let registry: BadRegistry;
let service: ReleaseService;
let work: Workplace;
let close: Releasing['close'];
beforeAll(async () => {
  registry = await startBadRegistry();
  registry.put('acme/one', one({ layerBytes: 300 * 1024 }), '1');
});
afterAll(() => registry.close());
beforeEach(async () => {
  ({ service, work, close } = await startReleasing());
});
afterEach(async () => {
  expect(await close()).toEqual([]);
});

const args = (...more: readonly string[]): string[] => {
  const image = ['save', `${registry.host}/acme/one:1`, '-p', 'linux/amd64', '--copier', 'direct'];
  return [...image, '--insecure-registries', registry.host, '--release', TAG, '-o', 'none', ...more];
};

/** An edit by somebody who names no tag, as tools do that write notes. */
const edit = (id: number, change: object): Promise<unknown> =>
  call(`${service.url}/repos/org/site/releases/${id}`, {
    method: 'PATCH',
    headers: {
      authorization: `token ${WRITER}`,
      'content-type': 'application/json',
      'x-github-api-version': '2022-11-28',
    },
    body: Buffer.from(JSON.stringify(change)),
  });

const releases = (): unknown[] =>
  service.releases.map(({ tag, draft, assets }) => ({ tag, draft, files: assets.length }));
const WHOLE = { tag: TAG, draft: false, files: 5 };

describe('found E1: a release and its tag', () => {
  it('is published under its tag, and the next run finds it there', async () => {
    const { stderr } = await work.succeed(...args());
    expect(releases()).toEqual([WHOLE]);
    expect(stderr).toContain(`/releases/tag/${TAG}\n`);
    service.clear();
    await work.succeed(...args());
    expect(releases()).toEqual([WHOLE]);
    expect(service.calls().filter(({ method }) => method !== 'GET')).toEqual([]);
  });

  it('is published under its tag although the service gave its draft without one from the beginning', async () => {
    service.set({ untagged: 'at first' });
    await work.succeed(...args());
    expect(releases()).toEqual([WHOLE]);
  });

  it('is published under its tag, with the notes of a tool that took the tag from the draft meanwhile', async () => {
    const until = async (): Promise<void> => {
      const [draft] = service.releases;
      await edit(draft!.id, { body: `What is new\n\n${draft!.body}` });
      expect(draft!.tag).toMatch(/^untagged-/);
    };
    service.misbehave({ method: 'POST', path: /assets\?name=.*\.sha256/, fault: { kind: 'held', until } });
    await work.succeed(...args());
    expect(releases()).toEqual([WHOLE]);
    expect(service.releases[0]?.body).toBe(`What is new\n\n${TEXT}`);
  });

  it('stays a draft where a person took over the draft meanwhile', async () => {
    const until = (): Promise<unknown> => edit(service.releases[0]!.id, { tag_name: TAG, body: 'Mine now' });
    service.misbehave({ method: 'POST', path: /assets\?name=.*\.sha256/, fault: { kind: 'held', until } });
    const { stderr } = await work.succeed(...args());
    expect(releases()).toEqual([{ ...WHOLE, draft: true }]);
    expect(service.releases[0]?.body).toBe('Mine now');
    expect(stderr).toContain(`release ${TAG} stays a draft, as it was`);
  });

  it('fails where its draft is removed meanwhile, and says so', async () => {
    const until = async (): Promise<void> => void (service.releases as unknown[]).splice(0);
    service.misbehave({ method: 'GET', path: /releases\/\d+$/, fault: { kind: 'held', until } });
    const { exitCode, stderr } = await work.run(...args());
    expect([exitCode, stderr]).toEqual([
      1,
      expect.stringContaining(`release ${TAG} is gone, though this run had found it`),
    ]);
  });

  it('fails where it was published without its tag, and gives its URL and a hint', async () => {
    service.set({ untagged: 'always' });
    const { exitCode, stderr } = await work.run(...args());
    const [release] = service.releases;
    expect([exitCode, stderr]).toEqual([
      1,
      expect.stringContaining(`release ${TAG} was published as ${release!.tag}: ${service.pageOf(release!)}`),
    ]);
    expect(stderr).toContain(`choose the tag ${TAG}, and publish it`);
  });

  it('succeeds where its tag leads to it a moment later', async () => {
    service.set({ tagLag: 1 });
    await work.succeed(...args());
    expect(releases()).toEqual([WHOLE]);
  });

  it('fails where its tag never leads to it', async () => {
    service.set({ tagLag: 99 });
    const { exitCode, stderr } = await work.run(...args('--retries', '0'));
    expect([exitCode, stderr]).toEqual([
      1,
      expect.stringContaining(
        `release ${TAG} was published, and its tag does not name it: ${service.pageOf(service.releases[0]!)}`,
      ),
    ]);
  });
});

describe('found E1: a draft of ours that lost its tag', () => {
  it.each([
    ['an earlier version', { title: TAG, body: `${TEXT}\n\n${OLD_MARK}\n` }],
    ['a run that was killed', { title: 'Renamed', body: `${TEXT}\n\n${MARK}\n` }],
  ])('of %s gets its tag again, is filled and published', async (_, draft) => {
    const { id } = service.add({ tag: LOST, draft: true, ...draft });
    await work.succeed(...args());
    expect(releases()).toEqual([WHOLE]);
    expect(service.releases[0]).toMatchObject({ id, body: TEXT });
  });

  it('gets its tag although images are missing, so that its page shows the tag', async () => {
    service.add({ tag: LOST, draft: true, title: TAG, body: MARK });
    await work.succeed(...args(`${registry.host}/acme/absent:1`, '--on-error', 'warn'));
    expect(releases()).toEqual([{ ...WHOLE, draft: true }]);
  });

  it('is found by a dry run, which changes nothing', async () => {
    service.add({ tag: LOST, draft: true, title: TAG, body: MARK });
    await work.succeed(...args('--dry-run'));
    expect(service.calls().every(({ method }) => method === 'GET')).toBe(true);
  });

  it.each([
    ['of a person', { title: TAG, body: 'Notes' }],
    ['for another tag', { title: TAG, body: MARK.replace(TAG, 'v9') }],
    ['of an earlier version with another title', { title: 'v9', body: OLD_MARK }],
  ])('is not mistaken for one %s', async (_, draft) => {
    service.add({ tag: LOST, draft: true, ...draft });
    await work.succeed(...args());
    expect(releases()).toEqual([{ tag: LOST, draft: true, files: 0 }, WHOLE]);
  });
});

it('found E1: a release of ours that was published without its tag is left as it is, and is named', async () => {
  const stray = service.add({ tag: LOST, title: TAG, body: TEXT });
  service.add({ tag: 'untagged-ff', title: TAG, body: 'Of somebody else' });
  const { stderr } = await work.succeed(...args());
  expect(stderr.split('\n').filter((line) => line.includes('was published without this tag'))).toEqual([
    expect.stringContaining(`warning: release ${service.pageOf(stray)} was made for ${TAG}`),
  ]);
  expect(releases().slice(2)).toEqual([WHOLE]);
  expect(stray.assets).toEqual([]);
});
