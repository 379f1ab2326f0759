import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Resolving, startResolving } from '../resolve/resolving.ts';
import { buildImage, filledLayer, one } from '../support/fixtures/index.ts';
import { type PushRegistry, startPushRegistry } from '../support/push-registry.ts';
import { lockOfImages, pushTo, statusesOf } from './pushing.ts';

let bench: Resolving;
beforeAll(async () => {
  bench = await startResolving();
});
afterAll(() => bench.close());

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
