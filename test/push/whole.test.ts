import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Lock } from '../../src/lock/index.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { clientOf } from '../registry/support.ts';
import { type Resolving, startResolving } from '../resolve/resolving.ts';
import { buildImage, filledLayer, idx, one, sharing } from '../support/fixtures/index.ts';
import type { Image } from '../support/image.ts';
import { type PushRegistry, startPushRegistry } from '../support/push-registry.ts';
import { tally } from '../support/registry-request.ts';
import { KINDS, lockOfImages, type Pushed, pushTo } from './pushing.ts';

const small = { layerBytes: 100 };
let bench: Resolving;
beforeAll(async () => {
  bench = await startResolving();
});
afterAll(() => bench.close());

const lockOf = (images: Readonly<Record<string, Image>>): Promise<Lock> => lockOfImages(bench, images);

const shared = filledLayer('shared', 5000);
const large = filledLayer('large', 9000);
/** Images with a layer in common; that of `first` is the larger one, and is pushed first. */
const first = buildImage({ layers: [shared, large] });
const second = buildImage({ layers: [shared, filledLayer('second', 10)] });

const warnings = ({ events }: Pushed): string[] =>
  events.flatMap((event) => (event.type === 'log' && event.level === 'warning' ? [event.message] : []));

/** A registry that has `first` as `first:1`, and another image to push there beside one that goes elsewhere. */
const firstPushed = async (registry: PushRegistry): Promise<Lock> => {
  await pushTo(registry, await lockOf({ 'r.example/first:1': first }), bench.store);
  registry.clear();
  const again = buildImage({ layers: [shared, large, filledLayer('again', 10)] });
  return lockOf({ 'r.example/first:2': again, 'r.example/second:1': second });
};

describe('found A14: a push to a registry that says to have what a garbage collection deleted', () => {
  it.each(['', '/fresh'])('sends it again, blobs and manifests, to the prefix "%s"', async (suffix) => {
    await using registry = await startPushRegistry();
    const lock = await lockOf(KINDS);
    await pushTo(registry, lock, bench.store);
    registry.contents.collect();
    expect(registry.contents.lost.size).toBeGreaterThan(20);
    const pushed = await pushTo(registry, lock, bench.store, { suffix });
    expect(pushed.report.failed).toEqual([]);
    expect(pushed.report.totals).toMatchObject({ pushed: 6, thereBlobs: 0 });
    expect(registry.contents.broken()).toEqual([]);
    expect(registry.contents.sessions.size).toBe(0);
    // In repositories of another name it does not say to have any blob; manifests are stored for all in one place.
    expect(warnings(pushed)).toHaveLength(suffix === '' ? 1 : 0);
    if (suffix === '') expect(warnings(pushed)[0]).toMatch(/says that it has blob .*, and does not give it/);
  });

  it('fails, and puts no tag, where what was sent again is still not given', async () => {
    await using registry = await startPushRegistry();
    const lock = await lockOf(KINDS);
    await pushTo(registry, lock, bench.store);
    registry.contents.collect();
    registry.misbehave({ losesAgain: true });
    const { report } = await pushTo(registry, lock, bench.store);
    expect(report.totals).toMatchObject({ pushed: 0, failed: 6 });
    expect(new Set(report.failed.map((failure) => failure.class))).toEqual(new Set(['digest']));
    expect(report.failed[0]?.message).toContain('does not give it');
    for (const { tags } of registry.contents.repositories.values()) expect(tags.size).toBe(0);
  });

  it('fails where a manifest that was sent again is still not there', async () => {
    await using registry = await startPushRegistry();
    const image = idx(small);
    for (const digest of image.manifests.keys()) registry.contents.lost.add(digest);
    registry.misbehave({ losesAgain: true });
    const { report } = await pushTo(registry, await lockOf({ 'r.example/x:1': image }), bench.store, {
      pause: () => Promise.resolve(),
    });
    expect(report.failed).toMatchObject([
      { class: 'digest', message: expect.stringContaining('is not there') },
    ]);
    expect(registry.contents.at('r.example/x').tags.size).toBe(0);
  });
});

describe('what a registry says to have', () => {
  it('costs one more request for each blob that was there, and none for what is sent or mounted', async () => {
    await using registry = await startPushRegistry();
    const lock = await firstPushed(registry);
    expect((await pushTo(registry, lock, bench.store)).report.totals).toMatchObject({
      thereBlobs: 2,
      sentBlobs: 4,
      mountedBlobs: 1,
    });
    // The layers of `first` were there; `shared` is mounted from there.
    expect(tally(registry.requests({ kind: 'blob' }))).toEqual({ 'HEAD blob': 6, 'GET blob': 3 });
    expect(registry.requests({ method: 'GET', kind: 'blob' }).every(({ status }) => status === 206)).toBe(
      true,
    );
  });

  it('of a blob is not asked for where all is new, and each child is read once', async () => {
    await using registry = await startPushRegistry();
    await pushTo(registry, await lockOf({ 'r.example/idx:1': idx(small) }), bench.store);
    const blobs = idx(small).blobs.size;
    const children = idx(small).manifests.size - 1;
    expect(tally(registry.requests())).toEqual({
      'HEAD manifest': 1,
      'POST upload': blobs,
      'HEAD blob': blobs,
      'PUT upload': blobs,
      'PUT manifest': children + 1,
      'GET manifest': children + 1,
    });
  });

  it('is sent where only a part of it can be read', async () => {
    await using registry = await startPushRegistry();
    const lock = await firstPushed(registry);
    registry.contents
      .at('r.example/first')
      .blobs.set(digestOf(large.bytes), Buffer.from(large.bytes).subarray(1));
    expect((await pushTo(registry, lock, bench.store)).report.outcome).toBe('done');
    expect(registry.contents.at('r.example/first').blobs.get(digestOf(large.bytes))?.length).toBe(
      large.bytes.length,
    );
  });

  it.each([200, 416] as const)(
    'counts where a request for a part is answered by %i, and all of it can be read',
    async (ranges) => {
      await using registry = await startPushRegistry();
      const lock = await firstPushed(registry);
      registry.misbehave({ ranges });
      const { report } = await pushTo(registry, lock, bench.store);
      expect(report.totals).toMatchObject({ thereBlobs: 2, sentBlobs: 4 });
      registry.contents
        .at('r.example/first')
        .blobs.set(digestOf(shared.bytes), Buffer.from(shared.bytes).subarray(1));
      registry.contents.at('r.example/first').tags.clear();
      const again = await pushTo(registry, lock, bench.store);
      expect(again.report.totals).toMatchObject({ unchanged: 1, sentBlobs: 1 });
    },
  );

  it('is sent where the mount of it was answered by 201 and nothing is there', async () => {
    await using registry = await startPushRegistry();
    const lock = await firstPushed(registry);
    registry.misbehave({ mount: 'empty', onePool: false });
    const { report } = await pushTo(registry, lock, bench.store);
    expect(report.totals).toMatchObject({ pushed: 2, mountedBlobs: 0 });
    expect(registry.contents.broken()).toEqual([]);
  });

  it('is believed where it may not be read, which is said once', async () => {
    await using registry = await startPushRegistry();
    const lock = await firstPushed(registry);
    const denied = { method: 'GET', path: /blobs\/sha256/, times: 99, status: 403 };
    registry.misbehave({ faults: [denied] });
    const pushed = await pushTo(registry, lock, bench.store);
    expect(pushed.report.totals).toMatchObject({ pushed: 2, thereBlobs: 2, sentBlobs: 4 });
    expect(warnings(pushed)).toEqual([expect.stringContaining('is not known')]);
  });

  it('is believed where the storage that it names does not answer, which is asked once for each blob at most', async () => {
    await using registry = await startPushRegistry();
    const lock = await firstPushed(registry);
    const headers = { location: 'http://127.0.0.1:1/blob' };
    const away = { method: 'GET', path: /blobs\/sha256/, times: 99, status: 307, headers };
    registry.misbehave({ faults: [away] });
    const pushed = await pushTo(registry, lock, bench.store);
    expect(pushed.report.totals).toMatchObject({ pushed: 2, thereBlobs: 2, sentBlobs: 4 });
    expect(warnings(pushed)).toEqual([expect.stringContaining('is not known')]);
    expect(registry.requests({ method: 'GET', kind: 'blob' }).length).toBeLessThanOrEqual(2);
  });

  it('is asked for again where the registry was busy', async () => {
    await using registry = await startPushRegistry();
    const lock = await firstPushed(registry);
    registry.misbehave({ faults: [{ method: 'GET', path: /blobs\/sha256/, times: 2, status: 503 }] });
    const pushed = await pushTo(registry, lock, bench.store);
    expect(pushed.report.totals).toMatchObject({ pushed: 2, thereBlobs: 2, sentBlobs: 4 });
    expect(warnings(pushed)).toEqual([]);
  });

  it('is read down to a blob of one byte, and of none', async () => {
    await using registry = await startPushRegistry();
    using client = clientOf([registry]);
    const repository = { domain: registry.host, path: 'x' };
    for (const size of [0, 1, 2]) {
      const digest = digestOf(filledLayer(`of ${size}`, 10).bytes);
      expect(await client.givesBlob(repository, { digest, size })).toBe(false);
      registry.contents.at('x').blobs.set(digest, Buffer.alloc(size));
      expect(await client.givesBlob(repository, { digest, size })).toBe(true);
      expect(await client.givesBlob(repository, { digest, size: size + 3 })).toBe(false);
    }
  });
});

describe('a manifest that is refused because of what it names', () => {
  it('is put once more after the blobs that only other repositories have were sent', async () => {
    await using registry = await startPushRegistry({ onePool: true });
    await firstPushed(registry);
    const { report } = await pushTo(registry, await lockOf({ 'r.example/second:1': second }), bench.store);
    expect(report.totals).toMatchObject({ pushed: 1, failed: 0 });
    expect(registry.requests({ method: 'PUT', kind: 'manifest' }).map(({ status }) => status)).toEqual([
      400, 201,
    ]);
    expect(registry.contents.broken()).toEqual([]);
  });

  it('fails where all of that was sent already, without another request', async () => {
    const refusing = {
      method: 'PUT',
      path: /manifests/,
      times: 99,
      status: 400,
      code: 'MANIFEST_BLOB_UNKNOWN',
    };
    await using registry = await startPushRegistry({ faults: [refusing] });
    const { report } = await pushTo(registry, await lockOf({ 'r.example/second:1': second }), bench.store);
    expect(report.failed).toHaveLength(1);
    expect(registry.requests({ method: 'PUT', kind: 'manifest' })).toHaveLength(1);
    expect(registry.requests({ method: 'PUT', kind: 'upload' })).toHaveLength(second.blobs.size);
  });
});

describe('found L9: what nothing else would notice', () => {
  it.each([
    [404, 1],
    [false, 4],
  ])('a registry that answers a mount by %s is asked for %i of four', async (mount, asked) => {
    await using registry = await startPushRegistry({ mount });
    const images = Object.fromEntries(
      sharing(5, { layerBytes: 500, ownBytes: 10 }).map((image, at) => [`r.example/s${at}:1`, image]),
    );
    const { report } = await pushTo(registry, await lockOf(images), bench.store, { parallel: 1 });
    expect(report.totals).toMatchObject({ pushed: 5, mountedBlobs: 0 });
    expect(registry.requests({ method: 'POST' }).filter(({ path }) => path.includes('mount='))).toHaveLength(
      asked,
    );
    expect(registry.contents.sessions.size).toBe(0);
  });

  it.each([
    [503, 'Push again: only the rest is sent.'],
    [400, 'Ask who runs the registry: these are its own words.'],
  ])('a push that is refused by %i has the hint of a push: %s', async (status, hint) => {
    const faults = [{ method: 'PUT', path: /manifests/, times: 99, status }];
    await using registry = await startPushRegistry({ faults });
    const { report } = await pushTo(registry, await lockOf({ 'r.example/one:1': one(small) }), bench.store, {
      client: { retries: 0 },
    });
    expect(report.failed).toMatchObject([{ hint: expect.stringContaining(hint) }]);
  });
});
