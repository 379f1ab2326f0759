import { rm, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OciSaveError } from '../../src/errors.ts';
import { readContent, storePort } from '../../src/image/index.ts';
import type { Lock } from '../../src/lock/index.ts';
import { type Digest, shortDigest } from '../../src/oci/digest.ts';
import { parsePushTargets } from '../../src/options/index.ts';
import { askTargets, findPushed, pushToTargets } from '../../src/push/index.ts';
import { planPush } from '../../src/push/plan.ts';
import { preflight } from '../../src/push/preflight/preflight.ts';
import { clientOf } from '../registry/support.ts';
import { type Resolving, startResolving } from '../resolve/resolving.ts';
import { buildImage, filledLayer, idx, nested, one } from '../support/fixtures/index.ts';
import { type Image, largestBlobOf } from '../support/image.ts';
import { type PushRegistry, startPushRegistry } from '../support/push-registry.ts';
import { tally } from '../support/registry-request.ts';
import { saidIn, PLAIN, lockOfImages, type Pushed, pushTo, statusesOf } from './pushing.ts';

const small = { layerBytes: 100 };
let bench: Resolving;
beforeAll(async () => {
  bench = await startResolving();
});
afterAll(() => bench.close());

const lockOf = (images: Readonly<Record<string, Image>>): Promise<Lock> => lockOfImages(bench, images);
const oneOf = (seed: string): Image => one({ seed, ...small });
const stepsIn = ({ events }: Pushed): string[] =>
  events.flatMap((event) =>
    event.type === 'step' ? [`${event.stage} ${event.subject.split('/').at(-1)} ${event.outcome}`] : [],
  );
const sparseLock = async (platforms: string, image: Image, name = 'r.example/x:1'): Promise<Lock> =>
  bench.lock(await bench.resolve(image, name, { platforms }));

describe('what is said of a push', () => {
  it('is each name, with what became of it', async () => {
    await using registry = await startPushRegistry();
    const first = { 'r.example/a:1': oneOf('a'), 'r.example/b:1': oneOf('b') };
    const pushed = await pushTo(registry, await lockOf(first), bench.store);
    expect(pushed.events[0]).toEqual({ type: 'stage', stage: 'push', total: 2 });
    expect(stepsIn(pushed).toSorted((x, y) => (x < y ? -1 : 1))).toEqual([
      'push a:1 pushed',
      'push b:1 pushed',
    ]);
    const changed = { ...first, 'r.example/b:1': oneOf('b2'), 'r.example/c:1': oneOf('c') };
    const policy = 'if-missing';
    const dry = await pushTo(registry, await lockOf(changed), bench.store, { policy, dryRun: true });
    expect(dry.events[0]).toEqual({ type: 'stage', stage: 'compare', total: 3 });
    expect(stepsIn(dry).toSorted((x, y) => (x < y ? -1 : 1))).toEqual([
      'compare a:1 stored',
      'compare b:1 kept',
      'compare c:1 to push',
    ]);
    expect(saidIn(dry, 'warning')).toEqual([]);
    registry.misbehave({ missing: (name) => name.endsWith('/c') });
    const more = { ...changed, 'r.example/d:1': oneOf('d') };
    const failing = await pushTo(registry, await lockOf(more), bench.store, { policy });
    // What was not started is no step.
    expect(stepsIn(failing).toSorted((x, y) => (x < y ? -1 : 1))).toEqual([
      'push a:1 stored',
      'push b:1 kept',
      'push c:1 failed',
    ]);
    expect(statusesOf(failing.report)['r.example/d:1']).toBe('not started');
  });

  it('is with both digests where a tag that is there must not be replaced', async () => {
    await using registry = await startPushRegistry();
    const [old, fresh] = [oneOf('old'), oneOf('new')];
    await pushTo(registry, await lockOf({ 'r.example/x:1': old }), bench.store);
    const lock = await lockOf({ 'r.example/x:1': fresh });
    const { report } = await pushTo(registry, lock, bench.store, { policy: 'fail-if-different' });
    const place = `${registry.host}/r.example/x:1`;
    expect(report.failed).toMatchObject([
      {
        ref: place,
        message: `${place} has ${shortDigest(old.top)} there, not ${shortDigest(fresh.top)}, and push-policy is fail-if-different`,
        hint: 'Push it under another tag (source => name in the list), or use --push-policy always or if-missing.',
      },
    ]);
    expect(report.images[0]).toMatchObject({ status: 'failed', there: old.top });
  });

  it('is once why an index is replaced by a narrowed one', async () => {
    // The probe passes, the index itself does not.
    await using registry = await startPushRegistry({ sparse: 'all' });
    const lock = await sparseLock('linux/amd64', idx(small));
    registry.misbehave({
      sparse: 'all',
      faults: [
        { method: 'PUT', path: /manifests\/1$/, times: 1, status: 400, code: 'MANIFEST_BLOB_UNKNOWN' },
      ],
    });
    const pauses: number[] = [];
    const pushed = await pushTo(registry, lock, bench.store, {
      pause: async (milliseconds) => void pauses.push(milliseconds),
    });
    // Its children are absent on purpose: they are not put again.
    expect(pauses).toEqual([]);
    expect(pushed.report.images).toMatchObject([
      { status: 'pushed', narrowed: true, there: lock.images[0]?.root },
    ]);
    expect(saidIn(pushed, 'info')).toEqual([
      `${registry.host} refuses the index ${shortDigest(idx(small).top)} without all of its children`,
    ]);
  });

  it.each([401, 403, 413])(
    'is no other index where the login or the request is refused, by %i',
    async (status) => {
      await using registry = await startPushRegistry({ sparse: 'all' });
      const lock = await sparseLock('linux/amd64', idx(small));
      registry.misbehave({
        sparse: 'all',
        faults: [{ method: 'PUT', path: /manifests\/1$/, times: 9, status }],
      });
      const pushed = await pushTo(registry, lock, bench.store, { client: { retries: 0 } });
      expect(pushed.report.images).toMatchObject([{ status: 'failed' }]);
      expect(registry.contents.at('r.example/x').tags.size).toBe(0);
    },
  );
});

describe('a sparse image', () => {
  it('whose inner index is whole is probed by the index that lacks children', async () => {
    await using registry = await startPushRegistry();
    const lock = await sparseLock('linux/arm64,linux/arm/v7', nested(small));
    const pushed = await pushTo(registry, lock, bench.store);
    // It was not the push that found it out.
    expect(saidIn(pushed, 'info')).toEqual([]);
    expect(pushed.report.images).toMatchObject([
      { status: 'pushed', narrowed: true, there: lock.images[0]?.root },
    ]);
    expect(registry.contents.broken()).toEqual([]);
  });

  it('at a target that is busy fails the names that are to be pushed, and no other', async () => {
    await using registry = await startPushRegistry({ sparse: 'all' });
    const there = await bench.resolve(oneOf('there'), 'r.example/there:1');
    await pushTo(registry, bench.lock(there), bench.store);
    const sparse = await bench.resolve(idx(small), 'r.example/x:1', { platforms: 'linux/amd64' });
    registry.misbehave({
      sparse: 'all',
      faults: [{ method: 'PUT', path: /manifests\/sha256:/, times: 9, status: 503 }],
    });
    const { report } = await pushTo(registry, bench.lock(there, sparse), bench.store, {
      client: { retries: 0 },
    });
    expect(statusesOf(report)).toEqual({ 'r.example/there:1': 'unchanged', 'r.example/x:1': 'failed' });
    expect(report.failed).toMatchObject([{ class: 'network' }]);
  });
});

describe('a tag that the registry fails to take for now', () => {
  it('is not asked for again, since its answer would say nothing', async () => {
    await using registry = await startPushRegistry({
      faults: [{ method: 'PUT', path: /manifests\/1$/, times: 9, status: 503 }],
    });
    const { report } = await pushTo(registry, await lockOf({ 'r.example/x:1': oneOf('busy') }), bench.store, {
      client: { retries: 0 },
    });
    expect(report.failed).toMatchObject([{ class: 'network' }]);
    expect(registry.requests({ method: 'HEAD', kind: 'manifest' })).toHaveLength(1);
  });
});

describe('the preflight', () => {
  const check = async (registry: PushRegistry, images: Readonly<Record<string, Image>>, suffix = '') => {
    const lock = await lockOf(images);
    const [target] = parsePushTargets([registry.host + suffix]);
    if (target === undefined) throw new Error('no target');
    const content = await readContent(lock, storePort(bench.store));
    const names = planPush(lock, content.manifests, target, 'auto');
    using client = clientOf([registry]);
    const checked = await preflight(target, names, {
      client,
      content,
      ...PLAIN,
    });
    const issues = checked.issues.map(({ error, names: of }) => [
      error instanceof OciSaveError ? error.code : error,
      of.map(({ stored }) => stored).toSorted(),
    ]);
    return { ...checked, issues, uploads: [...checked.uploads.keys()].toSorted() };
  };
  const images = { 'r.example/a:1': oneOf('a'), 'r.example/a:2': oneOf('a2'), 'r.example/b/c:1': oneOf('c') };

  it('finds nothing at a target that takes all, and has an upload for each repository', async () => {
    await using registry = await startPushRegistry();
    const { issues, uploads, missing, narrowed } = await check(registry, images);
    expect([issues, missing, narrowed.size]).toEqual([[], [], 0]);
    expect(uploads).toEqual(['r.example/a', 'r.example/b/c']);
    expect(tally(registry.requests())).toEqual({ 'POST upload': 2 });
  });

  it('groups what is refused by its cause, each with its names', async () => {
    await using registry = await startPushRegistry({
      missing: (name) => name.startsWith('r.example/gone'),
      faults: [
        { method: 'POST', path: /denied/, times: 9, status: 403 },
        { method: 'POST', path: /odd/, times: 9, status: 418 },
      ],
    });
    const more = {
      ...images,
      'r.example/gone/x:1': oneOf('a'),
      'r.example/gone/y:1': oneOf('a'),
      'r.example/denied:1': oneOf('a'),
      'r.example/denied:2': oneOf('a'),
      'r.example/odd:1': oneOf('a'),
    };
    const { issues, missing, uploads } = await check(registry, more);
    expect(missing).toEqual(['r.example/gone/x', 'r.example/gone/y']);
    expect(issues).toEqual([
      ['not-found', ['r.example/gone/x:1', 'r.example/gone/y:1']],
      ['denied', ['r.example/denied:1', 'r.example/denied:2']],
      [expect.any(String), ['r.example/odd:1']],
    ]);
    expect(uploads).toEqual(['r.example/a', 'r.example/b/c']);
  });

  it('takes a depth for the cause only where all that is deeper is refused, and something else is not', async () => {
    await using registry = await startPushRegistry({ maxDepth: 2 });
    expect((await check(registry, images)).issues).toEqual([['unsupported', ['r.example/b/c:1']]]);
    registry.misbehave({ missing: (name) => name === 'r.example/a' });
    expect((await check(registry, images)).issues).toEqual([
      ['not-found', ['r.example/a:1', 'r.example/a:2']],
    ]);
  });

  it('leaves a registry that fails for the push to find out', async () => {
    await using registry = await startPushRegistry({
      faults: [{ method: 'POST', path: /uploads/, times: 99, status: 500 }],
    });
    const { issues } = await check(registry, { 'r.example/a:1': oneOf('a') });
    expect(issues).toEqual([['network', ['r.example/a:1']]]);
  });
});

describe('a blob that is damaged here', () => {
  /** An image whose largest blob is wrong on disk; the store takes it for right until it is read. */
  const damaged = async (seed: string) => {
    const image = oneOf(seed);
    const lock = await lockOf({ 'r.example/x:1': image });
    const layer = largestBlobOf(image);
    const bytes = image.blobs.get(layer) ?? expect.fail();
    const spoil = async (): Promise<void> => {
      await rm(bench.store.pathOf(layer), { force: true });
      await writeFile(bench.store.pathOf(layer), Buffer.alloc(bytes.length));
    };
    const asked: Digest[] = [];
    const bringBack = async (digest: Digest): Promise<void> => {
      asked.push(digest);
      await rm(bench.store.pathOf(layer), { force: true });
      await bench.store.put(bytes, undefined);
    };
    return { image, lock, layer, spoil, asked, bringBack };
  };

  it.each([
    ['before it is sent', false],
    ['while it is sent', true],
  ])('is fetched again once, %s', async (_, late) => {
    await using registry = await startPushRegistry();
    const { image, lock, layer, spoil, asked, bringBack } = await damaged(`back ${late}`);
    await spoil();
    const pool = late ? { ...bench.store, has: () => Promise.resolve(true) } : bench.store;
    const { report } = await pushTo(registry, lock, pool, { bringBack });
    expect([report.outcome, asked]).toEqual(['done', [layer]]);
    expect(registry.contents.at('r.example/x').tags.get('1')).toBe(image.top);
    expect(registry.contents.broken()).toEqual([]);
  });

  it.each([
    ['before it is sent', false],
    ['while it is sent', true],
  ])('fails its image where nothing can fetch it again, %s', async (_, late) => {
    await using registry = await startPushRegistry();
    const { lock, layer, spoil } = await damaged(`lost ${late}`);
    await spoil();
    const pool = late ? { ...bench.store, has: () => Promise.resolve(true) } : bench.store;
    const { report } = await pushTo(registry, lock, pool);
    expect(report.failed).toMatchObject([
      { class: 'digest', message: expect.stringContaining(shortDigest(layer)) },
    ]);
    expect(registry.contents.at('r.example/x').tags.size).toBe(0);
    expect(registry.contents.at('r.example/x').blobs.has(layer)).toBe(false);
  });
});

describe('a registry that stumbles', () => {
  it('over a blob that it may have gets it again, and that is a warning', async () => {
    await using registry = await startPushRegistry();
    const image = oneOf('stumble');
    const layer = largestBlobOf(image);
    const path = new RegExp(`blobs/${layer}`);
    registry.misbehave({ faults: [{ method: 'HEAD', path, times: 9, status: 500 }] });
    const pushed = await pushTo(registry, await lockOf({ 'r.example/x:1': image }), bench.store, {
      client: { retries: 0 },
    });
    expect(pushed.report.outcome).toBe('done');
    expect(saidIn(pushed, 'warning')).toEqual([expect.stringMatching(/; it is sent again$/)]);
    registry.misbehave({ faults: [{ method: 'HEAD', path, times: 9, status: 503 }] });
    const other = await pushTo(registry, await lockOf({ 'r.example/y:1': image }), bench.store, {
      client: { retries: 0 },
    });
    expect(other.report.outcome).toBe('failed');
  });

  it('over the end of an upload that was not used is not waited for', async () => {
    await using registry = await startPushRegistry({
      missing: (name) => name.endsWith('/b'),
      faults: [{ method: 'DELETE', path: /uploads/, times: 9, status: 500 }],
    });
    const images = { 'r.example/a:1': oneOf('a'), 'r.example/b:1': oneOf('b') };
    const pushed = await pushTo(registry, await lockOf(images), bench.store, { client: { retries: 0 } });
    expect(statusesOf(pushed.report)).toEqual({ 'r.example/a:1': 'not started', 'r.example/b:1': 'failed' });
    expect(saidIn(pushed, 'debug')).toEqual([expect.stringMatching(/^an upload was not cancelled: /)]);
  });
});

describe('an estimate', () => {
  it('counts a blob as mounted where another repository of the push has it, or gets it first', async () => {
    await using registry = await startPushRegistry();
    const layers = [filledLayer('est base', 3000), filledLayer('est own', 100)];
    const [a, b] = [buildImage({ layers: layers.slice(0, 1) }), buildImage({ layers })];
    await pushTo(registry, await lockOf({ 'r.example/a:0': a }), bench.store);
    const lock = await lockOf({ 'r.example/a:1': b, 'r.example/b:1': b, 'r.example/c:1': b });
    const { report } = await pushTo(registry, lock, bench.store, { dryRun: true });
    const own = [...b.blobs].filter(([digest]) => !a.blobs.has(digest));
    expect(report.totals).toMatchObject({
      // The base is in one repository; the config and the upper layer are in none.
      thereBlobs: 1,
      sentBlobs: 2,
      sentBytes: own.reduce((sum, [, bytes]) => sum + bytes.length, 0),
      mountedBlobs: 2 + 2 * 2,
    });
  });

  it('takes a refusal for an absent blob, and not a registry that is away', async () => {
    await using registry = await startPushRegistry({
      faults: [{ method: 'HEAD', path: /blobs/, times: 99, status: 403 }],
    });
    const image = oneOf('est');
    const lock = await lockOf({ 'r.example/x:1': image });
    const { report } = await pushTo(registry, lock, bench.store, { dryRun: true });
    expect([report.outcome, report.totals.sentBlobs]).toEqual(['done', 2]);
    registry.misbehave({ faults: [{ method: 'HEAD', path: /blobs/, times: 99, status: 503 }] });
    const failing = await pushTo(registry, lock, bench.store, { dryRun: true, client: { retries: 0 } });
    expect(failing.report.outcome).toBe('failed');
  });
});

describe('what targets have', () => {
  it('is asked of each for each name, and found where all that is wanted below is there', async () => {
    await using first = await startPushRegistry({ sparse: 'all' });
    await using second = await startPushRegistry({ sparse: 'all' });
    const lock = await sparseLock('linux/amd64', idx(small));
    for (const registry of [first, second]) await pushTo(registry, lock, bench.store);
    using client = clientOf([first, second]);
    const targets = parsePushTargets([first.host, second.host]);
    const [image] = lock.images;
    if (image === undefined) throw new Error('no image');
    const leaves = image.leaves.map(({ digest }) => digest);
    const right = [
      { digest: image.digest, below: leaves },
      { digest: image.root, below: [] },
    ] as const;
    const asking = askTargets(targets, client);
    expect(await asking.haveAll('ref', 'r.example/x:1', right)).toBe(true);
    expect(asking.reports(1.5)).toMatchObject(
      [first, second].map(({ host }) => ({
        target: host,
        outcome: 'done',
        seconds: 1.5,
        images: [{ ref: 'ref', name: 'r.example/x:1', status: 'unchanged', there: image.digest }],
        totals: { unchanged: 1, failed: 0 },
      })),
    );
    expect(asking.reports(1)[0]?.images[0]?.narrowed).toBeUndefined();
    second.contents.at('r.example/x').manifests.delete(leaves[0] ?? '');
    expect(await askTargets(targets, client).haveAll('ref', 'r.example/x:1', right)).toBe(false);
    second.contents.at('r.example/x').tags.delete('1');
    const found = await findPushed([{ name: 'r.example/x:1', right: [...right] }], targets, client);
    expect(found.map(({ there, differs }) => [there, differs])).toEqual([
      [true, false],
      [false, false],
    ]);
    const others = await findPushed([{ name: 'r.example/x:1', right: [] }], targets, client);
    expect(others.map(({ there, differs }) => [there, differs])).toEqual([
      [false, true],
      [false, false],
    ]);
  });

  it('under the name of a narrowed one is said so', async () => {
    await using registry = await startPushRegistry();
    const lock = await sparseLock('linux/amd64', idx(small));
    await pushTo(registry, lock, bench.store);
    using client = clientOf([registry]);
    const [image] = lock.images;
    const asking = askTargets(parsePushTargets([registry.host]), client);
    const right = [image?.digest, image?.root].map((digest) => ({
      digest: digest ?? expect.fail(),
      below: [],
    }));
    expect(await asking.haveAll('ref', 'r.example/x:1', [right[0]!, right[1]!])).toBe(true);
    expect(asking.reports(1)[0]?.images).toMatchObject([{ there: image?.root, narrowed: true }]);
  });

  it('is not known of one that is away, which is no reason to throw', async () => {
    const registry = await startPushRegistry();
    using client = clientOf([registry], { retries: 0 });
    await registry.close();
    const right = [{ digest: oneOf('away').top, below: [] }];
    const targets = parsePushTargets([registry.host]);
    const [found] = await findPushed([{ name: 'r.example/x:1', right }], targets, client);
    expect(found).toMatchObject({ there: false, differs: false, error: { code: 'network' } });
  });

  it('is not asked any more where the run is interrupted', async () => {
    await using registry = await startPushRegistry();
    using client = clientOf([registry]);
    const reason = new OciSaveError({ code: 'interrupted', message: 'stopped' });
    const wanted = [{ name: 'r.example/x:1', right: [] }];
    const asking = findPushed(wanted, parsePushTargets([registry.host]), client, AbortSignal.abort(reason));
    await expect(asking).rejects.toBe(reason);
    expect(registry.requests()).toEqual([]);
  });
});

describe('a fault of this machine', () => {
  it('ends the push: it is not the registry’s', async () => {
    await using registry = await startPushRegistry();
    const fault = Object.assign(new Error('read'), { code: 'EIO' });
    const lock = await lockOf({ 'r.example/x:1': oneOf('disk') });
    const content = await readContent(lock, storePort(bench.store));
    using client = clientOf([registry]);
    const pushing = pushToTargets(parsePushTargets([registry.host]), {
      client: { ...client, beginUpload: () => Promise.reject(fault) },
      content,
      ...PLAIN,
    });
    await expect(pushing).rejects.toBe(fault);
  });
});
