import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Resolving, startResolving } from '../resolve/resolving.ts';
import { buildImage, filledLayer, idx, nested, one } from '../support/fixtures/index.ts';
import { type PushRegistry, startPushRegistry } from '../support/push-registry.ts';
import { lockOfImages, type Pushed, pushTo, statusesOf } from './pushing.ts';

let bench: Resolving;
beforeAll(async () => {
  bench = await startResolving();
});
afterAll(() => bench.close());

const small = { layerBytes: 100 };

/** Requests that bring bytes of blobs into a project. */
const bodiesIn = (registry: PushRegistry, project: string): number =>
  registry
    .requests({ kind: 'upload' })
    .filter(({ path, received }) => path.startsWith(`/v2/${project}/`) && received > 0).length;

describe('a project that is full', () => {
  const images = {
    'full.example/a:1': one({ seed: 'a', layerBytes: 20_000 }),
    'full.example/b:1': one({ seed: 'b', layerBytes: 15_000 }),
    'full.example/c:1': one({ seed: 'c', layerBytes: 10_000 }),
    'roomy.example/d:1': one({ seed: 'd', layerBytes: 5000 }),
  };

  it('found C1: gets no more bytes, its figures are told once, and other projects go on', async () => {
    await using registry = await startPushRegistry({
      quota: { bytes: { 'full.example': 9000 }, words: 'harbor' },
    });
    const lock = await lockOfImages(bench, images);
    const { report } = await pushTo(registry, lock, bench.store, { parallel: 1 });
    expect(statusesOf(report)).toEqual({
      'full.example/a:1': 'failed',
      'full.example/b:1': 'failed',
      'full.example/c:1': 'failed',
      'roomy.example/d:1': 'pushed',
    });
    expect(report.failed).toHaveLength(1);
    const [failure] = report.failed;
    expect(failure?.class).toBe('quota');
    expect(failure?.message).toContain(`${registry.host}/full.example`);
    expect(failure?.message).toContain('will exceed the configured upper limit of 8.8 KiB');
    expect(failure?.hint).not.toContain('docker login');
    // One image's layer and config; the others are not tried.
    expect(bodiesIn(registry, 'full.example')).toBeLessThanOrEqual(2);
    expect(registry.contents.sessions.size).toBe(0);
    expect(registry.contents.broken()).toEqual([]);
  });

  it('found C1: still gets the tags of images whose blobs it has', async () => {
    await using registry = await startPushRegistry();
    const shared = one({ seed: 'a', layerBytes: 20_000 });
    await pushTo(registry, await lockOfImages(bench, { 'full.example/a:1': shared }), bench.store);
    registry.misbehave({ quota: { bytes: { 'full.example': 21_500 }, words: 'harbor' } });
    const more = { 'full.example/big:1': images['full.example/b:1'], 'full.example/a:2': shared };
    const { report } = await pushTo(registry, await lockOfImages(bench, more), bench.store, { parallel: 1 });
    expect(statusesOf(report)).toEqual({ 'full.example/big:1': 'failed', 'full.example/a:2': 'pushed' });
  });

  it.each(['quay', 'artifactory', 'full disk'] as const)(
    'found C1: as %s says it, before an upload begins or after it, is no refused login and no layer that is too large',
    async (words) => {
      await using registry = await startPushRegistry();
      const kept = { 'full.example/kept:1': one({ seed: 'kept', layerBytes: 20_000 }) };
      await pushTo(registry, await lockOfImages(bench, kept), bench.store);
      // Over its limit already: the start of an upload is refused.
      for (const most of [10_000, 22_000]) {
        registry.misbehave({ quota: { bytes: { 'full.example': most }, words } });
        registry.clear();
        const { report } = await pushTo(registry, await lockOfImages(bench, images), bench.store, {
          parallel: 1,
        });
        expect(statusesOf(report)).toMatchObject({
          'full.example/a:1': 'failed',
          'full.example/c:1': 'failed',
        });
        expect(report.failed.map((failure) => failure.class)).toEqual(['quota']);
        expect(report.failed[0]?.hint).toMatch(/quota raised/);
        expect(bodiesIn(registry, 'full.example')).toBeLessThanOrEqual(most === 10_000 ? 0 : 2);
        expect(registry.contents.at('roomy.example/d').tags.size).toBe(1);
        expect(registry.contents.sessions.size).toBe(0);
      }
    },
  );

  it('found C1: that has no room for a mount does not end the mounts of others, and gets no bytes instead', async () => {
    await using registry = await startPushRegistry({
      quota: { bytes: { 'full.example': 9000 }, words: 'harbor' },
    });
    // The largest is first.
    const sharing = (own: number) =>
      buildImage({ layers: [filledLayer('shared', 20_000), filledLayer(`own ${own}`, own)] });
    const shared = {
      'airy.example/a:1': sharing(3000),
      'full.example/b:1': sharing(2000),
      'roomy.example/c:1': sharing(1000),
    };
    const { report } = await pushTo(registry, await lockOfImages(bench, shared), bench.store, {
      parallel: 1,
    });
    expect(statusesOf(report)).toEqual({
      'airy.example/a:1': 'pushed',
      'full.example/b:1': 'failed',
      'roomy.example/c:1': 'pushed',
    });
    const sent = registry
      .requests({ kind: 'upload' })
      .filter(({ path, received }) => path.startsWith('/v2/full.example/') && received > 10_000);
    expect(sent).toEqual([]);
    expect(report.totals.mountedBlobs).toBe(1);
  });

  it('found C1: is told as full where only a manifest finds no room', async () => {
    await using registry = await startPushRegistry();
    const image = one({ seed: 'm', layerBytes: 1000 });
    const lock = await lockOfImages(bench, { 'full.example/a:1': image, 'full.example/b:1': image });
    const bytes = [...image.blobs.values()].reduce((sum, { length }) => sum + length, 0);
    registry.misbehave({ quota: { bytes: { 'full.example': bytes }, words: 'harbor' } });
    const { report } = await pushTo(registry, lock, bench.store, { parallel: 1 });
    expect(report.failed.map((failure) => failure.class)).toEqual(['quota']);
    expect(report.totals.failed).toBe(2);
  });
});

/** Warnings, and what is said of waiting. */
const saidIn = (events: Pushed['events'], level: 'info' | 'warning' | 'error'): string[] =>
  events.flatMap((event) => (event.type === 'log' && event.level === level ? [event.message] : []));

describe('a tag that a policy of the target does not show', () => {
  const image = {
    'r.example/x:1': one({ seed: 'x', ...small }),
    'r.example/y:1': one({ seed: 'y', ...small }),
  };
  const blocked = { blocked: /x:1$/ };

  it('found C2: is put by the policy always, with a warning that it was not read back', async () => {
    await using registry = await startPushRegistry(blocked);
    const lock = await lockOfImages(bench, image);
    const { report, events } = await pushTo(registry, lock, bench.store);
    expect(statusesOf(report)).toEqual({ 'r.example/x:1': 'pushed', 'r.example/y:1': 'pushed' });
    expect(registry.contents.at('r.example/x').tags.get('1')).toBe(image['r.example/x:1'].top);
    const warnings = saidIn(events, 'warning');
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('r.example/x:1');
    expect(warnings[0]).toContain('86 vulnerabilities cannot be pulled');
  });

  it.each(['if-missing', 'fail-if-different'] as const)(
    'found C2: fails by the policy %s',
    async (policy) => {
      await using registry = await startPushRegistry(blocked);
      const { report } = await pushTo(registry, await lockOfImages(bench, image), bench.store, {
        policy,
        onError: 'warn',
      });
      expect(statusesOf(report)).toEqual({ 'r.example/x:1': 'failed', 'r.example/y:1': 'pushed' });
      expect(report.failed).toMatchObject([{ class: 'denied' }]);
      expect(report.failed[0]?.message).toContain('86 vulnerabilities cannot be pulled');
      expect(report.failed[0]?.hint).toContain('--push-policy always');
      expect(registry.contents.at('r.example/x').tags.size).toBe(0);
    },
  );

  it('found I: is told with its cause while other images go on, and one cause of several once', async () => {
    await using registry = await startPushRegistry(blocked);
    const lock = await lockOfImages(bench, image);
    const refused = { policy: 'if-missing', onError: 'warn' } as const;
    const { events, report } = await pushTo(registry, lock, bench.store, refused);
    const failed = events.findIndex((event) => event.type === 'step' && event.outcome === 'failed');
    expect(events[failed - 1]).toMatchObject({
      type: 'log',
      level: 'error',
      image: `${registry.host}/r.example/x:1`,
      message: report.failed[0]?.message,
    });
    await using shut = await startPushRegistry({ readOnly: true });
    const closed = await pushTo(shut, lock, bench.store);
    expect(closed.report.totals.failed).toBe(2);
    expect(saidIn(closed.events, 'error')).toEqual([expect.stringContaining('is read-only')]);
  });

  it('found C2: does not count as a target that is not up, by any refusal of the first name', async () => {
    for (const status of [400, 406, 412, 451]) {
      await using registry = await startPushRegistry({
        faults: ['HEAD', 'GET'].map((method) => ({ method, path: /x\/manifests\/1/, times: 1, status })),
      });
      const { report } = await pushTo(registry, await lockOfImages(bench, image), bench.store);
      expect(statusesOf(report)).toEqual({ 'r.example/x:1': 'pushed', 'r.example/y:1': 'pushed' });
    }
  });

  it('found C2: nor one that the login may push and not read', async () => {
    await using registry = await startPushRegistry({
      faults: ['HEAD', 'GET'].map((method) => ({ method, path: /x\/manifests\/1/, times: 99, status: 403 })),
    });
    const { report, events } = await pushTo(registry, await lockOfImages(bench, image), bench.store);
    expect(report.outcome).toBe('done');
    expect(saidIn(events, 'warning')).toHaveLength(1);
  });
});

describe('a target that shows late what was pushed', () => {
  /** A clock that the waiting moves. */
  const late = (milliseconds: number) => {
    let now = 0;
    return {
      lag: { now: () => now, milliseconds },
      pause: (wait: number) => {
        now += wait;
        return Promise.resolve();
      },
      waited: () => now,
    };
  };
  const first = { 'r.example/x:1': one({ seed: 'first', ...small }) };
  const second = { 'r.example/x:1': one({ seed: 'second', ...small }) };

  it.each([
    ['not at all', {}],
    ['with its old digest', first],
  ])('found C5: %s, is waited for, and that is said once', async (_, before) => {
    const { lag, pause, waited } = late(8000);
    await using registry = await startPushRegistry();
    await pushTo(registry, await lockOfImages(bench, before), bench.store);
    registry.misbehave({ lag });
    const lock = await lockOfImages(bench, { ...second, 'r.example/y:1': one(small) });
    const { report, events } = await pushTo(registry, lock, bench.store, { pause });
    expect(report.outcome).toBe('done');
    expect(waited()).toBeGreaterThanOrEqual(8000);
    expect(saidIn(events, 'info').filter((line) => line.includes('waiting'))).toHaveLength(1);
    expect(saidIn(events, 'warning')).toEqual([]);
  });

  it('found C5: later than 20 s, ends with a warning, and the next names do not wait as long', async () => {
    const { lag, pause, waited } = late(3_600_000);
    await using registry = await startPushRegistry({ lag });
    const lock = await lockOfImages(bench, { ...second, 'r.example/y:1': one(small) });
    const { report, events } = await pushTo(registry, lock, bench.store, { pause, parallel: 1 });
    expect(statusesOf(report)).toEqual({ 'r.example/x:1': 'pushed', 'r.example/y:1': 'pushed' });
    expect(waited()).toBeGreaterThanOrEqual(20_000);
    expect(waited()).toBeLessThan(30_000);
    expect(saidIn(events, 'warning')).toHaveLength(2);
  });

  it('found C5: with a third digest, is an error', async () => {
    const { lag, pause } = late(100);
    await using registry = await startPushRegistry();
    await pushTo(registry, await lockOfImages(bench, first), bench.store);
    registry.misbehave({ lag });
    const third = one({ seed: 'third', ...small });
    const { manifests, tags } = registry.contents.at('r.example/x');
    const { report } = await pushTo(registry, await lockOfImages(bench, second), bench.store, {
      // Somebody else pushes while it is waited.
      pause: (wait) => {
        const { bytes, mediaType } = third.manifests.get(third.top) ?? { bytes: '', mediaType: '' };
        manifests.set(third.top, { bytes: Buffer.from(bytes), mediaType });
        tags.set('1', third.top);
        return pause(wait);
      },
    });
    expect(report.failed).toMatchObject([{ class: 'digest' }]);
    expect(report.failed[0]?.message).toContain(third.top.slice(0, 19));
  });
});

describe('a target that collects what no tag names', () => {
  const pause = (): Promise<void> => Promise.resolve();
  const image = { 'r.example/x:1': idx(small) };

  it.each([1, 2])('found J4: %i times before an index comes, gets its children again', async (times) => {
    await using registry = await startPushRegistry({ collects: { times } });
    const { report } = await pushTo(registry, await lockOfImages(bench, image), bench.store, { pause });
    expect(statusesOf(report)).toEqual({ 'r.example/x:1': 'pushed' });
    expect(registry.contents.broken()).toEqual([]);
    const children = idx(small).manifests.size - 1;
    expect(registry.requests({ method: 'PUT', kind: 'manifest' })).toHaveLength((children + 1) * (times + 1));
  });

  it('found J4: always, is asked three times and not more', async () => {
    await using registry = await startPushRegistry({ collects: { times: 99 } });
    const { report } = await pushTo(registry, await lockOfImages(bench, image), bench.store, { pause });
    expect(report.failed).toHaveLength(1);
    expect(registry.contents.at('r.example/x').tags.size).toBe(0);
    const tag = { method: 'PUT', kind: 'manifest', reference: '1' } as const;
    expect(registry.requests(tag)).toHaveLength(3);
  });

  it('found J4: gets the children of an index within an index again', async () => {
    await using registry = await startPushRegistry({ collects: { times: 1 } });
    const lock = await lockOfImages(bench, {
      'r.example/n:1': nested(small),
      'r.example/n:2': nested(small),
    });
    const { report } = await pushTo(registry, lock, bench.store, { pause });
    expect(report.outcome).toBe('done');
    expect(registry.contents.broken()).toEqual([]);
  });
});

describe('a tag that somebody else put first, and that cannot be changed', () => {
  it('found J8: is success where it has our digest', async () => {
    await using registry = await startPushRegistry({ overtaken: /x:1$/ });
    const images = { 'r.example/x:1': one(small), 'r.example/y:1': one(small) };
    const { report } = await pushTo(registry, await lockOfImages(bench, images), bench.store);
    expect(statusesOf(report)).toEqual({ 'r.example/x:1': 'pushed', 'r.example/y:1': 'pushed' });
  });

  it('found J8: is a failure where it has another, with the words of the registry', async () => {
    await using registry = await startPushRegistry();
    await pushTo(registry, await lockOfImages(bench, { 'r.example/x:1': one(small) }), bench.store);
    // What HEAD says first lags behind.
    registry.misbehave({
      immutable: true,
      faults: [{ method: 'HEAD', path: /x\/manifests\/1/, times: 1, status: 404 }],
    });
    const other = { 'r.example/x:1': one({ seed: 'other', ...small }) };
    const { report } = await pushTo(registry, await lockOfImages(bench, other), bench.store);
    expect(report.failed[0]?.message).toContain('the tag is immutable');
    expect(registry.contents.at('r.example/x').tags.get('1')).toBe(one(small).top);
  });
});
