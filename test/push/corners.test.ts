import { rm, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OciSaveError } from '../../src/errors.ts';
import type { Lock } from '../../src/lock/index.ts';
import { type Digest, shortDigest } from '../../src/oci/digest.ts';
import type { RegistryClient } from '../../src/registry/index.ts';
import { type Resolving, startResolving } from '../resolve/resolving.ts';
import { buildImage, filledLayer, idx, one, sharing } from '../support/fixtures/index.ts';
import type { Image } from '../support/image.ts';
import { startPushRegistry } from '../support/push-registry.ts';
import { tally } from '../support/registry-request.ts';
import { saidIn, lockOfImages, pushTo, statusesOf } from './pushing.ts';

const small = { layerBytes: 100 };
let bench: Resolving;
beforeAll(async () => {
  bench = await startResolving();
});
afterAll(() => bench.close());

const lockOf = (images: Readonly<Record<string, Image>>): Promise<Lock> => lockOfImages(bench, images);
const oneOf = (seed: string): Image => one({ seed, ...small });

describe('a push to Docker Hub', () => {
  /** A client for which a registry on loopback is Docker Hub. */
  const asHub =
    (domain: string) =>
    (client: RegistryClient): RegistryClient => ({
      ...client,
      findManifest: (repository, ...rest) => client.findManifest({ ...repository, domain }, ...rest),
      getManifest: (repository, ...rest) => client.getManifest({ ...repository, domain }, ...rest),
      putManifest: (repository, ...rest) => client.putManifest({ ...repository, domain }, ...rest),
      headBlob: (repository, ...rest) => client.headBlob({ ...repository, domain }, ...rest),
      beginUpload: (repository, ...rest) => client.beginUpload({ ...repository, domain }, ...rest),
      sendBlob: (repository, ...rest) => client.sendBlob({ ...repository, domain }, ...rest),
    });

  it('reads no manifest below an index by GET, which would count as a pull', async () => {
    await using registry = await startPushRegistry();
    const lock = await lockOf({ 'app:1': idx(small) });
    const hub = { target: 'docker.io/acme@depth=2', wrap: asHub(registry.host) };
    const { report } = await pushTo(registry, lock, bench.store, hub);
    expect(report.outcome).toBe('done');
    // One of the tag before, three of the children; the tag itself is read once.
    expect(tally(registry.requests({ kind: 'manifest' }))).toEqual({
      'HEAD manifest': 4,
      'PUT manifest': 4,
      'GET manifest': 1,
    });
  });

  it('sends no request for a repository with more parts than it has, and says how to fold names', async () => {
    await using registry = await startPushRegistry();
    const lock = await lockOf({ 'r.example/app:1': oneOf('deep') });
    const hub = { target: 'docker.io/acme', wrap: asHub(registry.host) };
    const { report } = await pushTo(registry, lock, bench.store, hub);
    expect(report.failed).toMatchObject([
      {
        class: 'unsupported',
        message: 'docker.io seems to take names of 2 parts at most, and refuses acme/r.example/app',
        hint: expect.stringContaining('docker.io/acme@depth=2'),
      },
    ]);
    expect(tally(registry.requests())).toEqual({ 'HEAD manifest': 1 });
  });
});

describe('a target whose name does not resolve', () => {
  it('is not waited for', async () => {
    await using registry = await startPushRegistry();
    const lock = await lockOf({ 'r.example/x:1': oneOf('nowhere') });
    let asked = 0;
    const cause = Object.assign(new Error('getaddrinfo'), { code: 'ENOTFOUND' });
    const nowhere = new OciSaveError({ code: 'network', message: 'no such host', cause });
    const pushed = await pushTo(registry, lock, bench.store, {
      waitMilliseconds: 600_000,
      wrap: (client) => ({
        ...client,
        findManifest: () => {
          asked += 1;
          return Promise.reject(nowhere);
        },
      }),
    });
    expect(pushed.report.failed).toMatchObject([{ class: 'network', message: 'no such host: getaddrinfo' }]);
    expect([asked, saidIn(pushed, 'info')]).toEqual([1, []]);
  });

  it('nor one that refuses, which is no answer that waiting would change', async () => {
    await using registry = await startPushRegistry();
    const lock = await lockOf({ 'r.example/x:1': oneOf('nowhere') });
    registry.misbehave({ faults: [{ method: 'GET', path: /^\/v2\/$/, times: 99, status: 404 }] });
    const pushed = await pushTo(registry, lock, bench.store, { waitMilliseconds: 600_000 });
    expect(saidIn(pushed, 'info')).toEqual([]);
  });
});

describe('a target that is never reached', () => {
  it.each([
    [undefined, 'Check that it runs, and the host and the port.'],
    ['Check HTTPS_PROXY.', 'Check HTTPS_PROXY.'],
  ])('has the hint of what stands in the way, where it is known (%j)', async (known, hint) => {
    await using registry = await startPushRegistry();
    const lock = await lockOf({ 'r.example/x:1': oneOf('nowhere') });
    const lost = new OciSaveError({ code: 'network', message: 'no way', hint: known });
    const pushed = await pushTo(registry, lock, bench.store, {
      waitMilliseconds: 0,
      wrap: (client) => ({ ...client, findManifest: () => Promise.reject(lost) }),
    });
    expect(pushed.report.failed).toMatchObject([{ class: 'network', hint }]);
  });
});

describe('large blobs', () => {
  it('are sent so many at once as images are, and small ones as they come', async () => {
    const MiB = 1024 * 1024;
    const layers = ['a', 'b', 'c'].map((name) => filledLayer(`large ${name}`, MiB));
    const image = buildImage({ layers: [...layers, filledLayer('small', 10)] });
    const lock = await lockOf({ 'r.example/x:1': image });
    await using registry = await startPushRegistry();
    const open = new Set<Digest>();
    let most = 0;
    const store: typeof bench.store = {
      ...bench.store,
      async *open(blob, ...range) {
        if (blob.size > MiB) open.add(blob.digest);
        most = Math.max(most, open.size);
        yield* bench.store.open(blob, ...range);
        open.delete(blob.digest);
      },
    };
    const { report } = await pushTo(registry, lock, store, { parallel: 1 });
    expect(report.outcome).toBe('done');
    expect(most).toBe(1);
  });
});

describe('what a registry says that it has, while it is asked to mount it', () => {
  it('needs no upload: the one that it started instead is cancelled', async () => {
    // HEAD looks into all repositories, a manifest needs its blobs in its own: then they are sent.
    await using registry = await startPushRegistry({ mount: false, onePool: true });
    const images = sharing(3, { layerBytes: 2000, ownBytes: 100 });
    const lock = await lockOf(Object.fromEntries(images.map((image, at) => [`r.example/s${at}:1`, image])));
    const { report } = await pushTo(registry, lock, bench.store, { parallel: 1 });
    expect(report.totals).toMatchObject({ pushed: 3, failed: 0 });
    expect(registry.contents.broken()).toEqual([]);
    expect(registry.contents.sessions.size).toBe(0);
    expect(tally(registry.requests({ kind: 'upload' }))['DELETE upload']).toBeGreaterThan(0);
  });
});

describe('a blob that several images share', () => {
  it('is sent by the next one where the repository of the first one does not take it', async () => {
    const faults = [{ method: 'PUT', path: /s0\/blobs\/uploads/, times: 99, status: 400 }];
    await using registry = await startPushRegistry({ faults });
    const shared = filledLayer('shared', 2000);
    // The largest is first.
    const images = [3000, 200, 100].map((own) =>
      buildImage({ layers: [shared, filledLayer(`own ${own}`, own)] }),
    );
    const lock = await lockOf(Object.fromEntries(images.map((image, at) => [`r.example/s${at}:1`, image])));
    const { report } = await pushTo(registry, lock, bench.store, { client: { retries: 0 } });
    expect(statusesOf(report)).toEqual({
      'r.example/s0:1': 'failed',
      'r.example/s1:1': 'pushed',
      'r.example/s2:1': 'pushed',
    });
    expect(registry.contents.broken()).toEqual([]);
    expect(report.totals.mountedBlobs).toBe(1);
  });
});

describe('a manifest that is damaged here while its blobs are sent', () => {
  const damaged = async (seed: string) => {
    const image = oneOf(seed);
    const lock = await lockOf({ 'r.example/x:1': image });
    const bytes = image.manifests.get(image.top)?.bytes ?? expect.fail();
    const file = bench.store.pathOf(image.top);
    const store = {
      ...bench.store,
      async has(blob: Parameters<typeof bench.store.has>[0]) {
        await rm(file, { force: true });
        await writeFile(file, Buffer.alloc(bytes.length));
        return bench.store.has(blob);
      },
    };
    return { image, lock, store, bytes };
  };

  it('is fetched again once', async () => {
    await using registry = await startPushRegistry();
    const { image, lock, store, bytes } = await damaged('manifest back');
    const asked: Digest[] = [];
    const { report } = await pushTo(registry, lock, store, {
      bringBack: async (digest) => {
        asked.push(digest);
        await bench.store.put(bytes, undefined);
      },
    });
    expect([report.outcome, asked]).toEqual(['done', [image.top]]);
    expect(registry.contents.broken()).toEqual([]);
  });

  it('fails its image where nothing can fetch it again', async () => {
    await using registry = await startPushRegistry();
    const { image, lock, store } = await damaged('manifest lost');
    const { report } = await pushTo(registry, lock, store);
    expect(report.failed).toMatchObject([
      { class: 'digest', message: expect.stringContaining(shortDigest(image.top)) },
    ]);
    expect(registry.contents.at('r.example/x').tags.size).toBe(0);
  });
});

describe('what a push does not ask twice', () => {
  it('is whether a blob can be read that this push sent to the repository from which it is mounted', async () => {
    await using registry = await startPushRegistry();
    const images = sharing(3, { layerBytes: 2000, ownBytes: 100 });
    const lock = await lockOf(Object.fromEntries(images.map((image, at) => [`r.example/s${at}:1`, image])));
    const { report } = await pushTo(registry, lock, bench.store);
    expect(report.totals.mountedBlobs).toBe(2);
    expect(registry.requests({ method: 'GET', kind: 'blob' })).toEqual([]);
  });

  it('is to take the manifests below an index that has two tags', async () => {
    await using registry = await startPushRegistry();
    const lock = await lockOf({ 'r.example/x:1': idx(small), 'r.example/x:2': idx(small) });
    await pushTo(registry, lock, bench.store);
    expect(registry.requests({ method: 'PUT', kind: 'manifest' })).toHaveLength(3 + 2);
  });
});

describe('how long a push waits', () => {
  it('before the manifests below an index are put again is told by its pauses, and why is logged', async () => {
    const pauses: number[] = [];
    const pause = async (milliseconds: number): Promise<void> => void pauses.push(milliseconds);
    await using registry = await startPushRegistry({ collects: { times: 99 } });
    const lock = await lockOf({ 'r.example/x:1': idx(small) });
    const pushed = await pushTo(registry, lock, bench.store, { pause });
    expect(pushed.report.outcome).toBe('failed');
    expect(pauses).toEqual([250, 2000]);
    expect(saidIn(pushed, 'debug')).toEqual(
      [1, 2].map(() => expect.stringMatching(/; all below it is put again$/)),
    );
  });

  it('for a tag that reads as somebody else pushed it is less than for one that is late', async () => {
    const pauses: number[] = [];
    const pause = async (milliseconds: number): Promise<void> => void pauses.push(milliseconds);
    await using registry = await startPushRegistry();
    const other = await bench.resolve(oneOf('theirs'), 'r.example/x:theirs');
    await pushTo(registry, bench.lock(other), bench.store);
    const { tags } = registry.contents.at('r.example/x');
    const lock = await lockOf({ 'r.example/x:1': oneOf('mine') });
    const { report } = await pushTo(registry, lock, bench.store, {
      pause,
      wrap: (client) => ({
        ...client,
        async getManifest(repository, reference, signal) {
          tags.set('1', other.digest);
          return client.getManifest(repository, reference, signal);
        },
      }),
    });
    expect(report.failed).toMatchObject([{ class: 'digest' }]);
    expect(pauses).toEqual([250, 500, 1000]);
  });
});

describe('an index without all of its children', () => {
  it.each([
    [404, true],
    [405, false],
    [408, false],
    [422, true],
    [429, false],
    [500, false],
    [507, false],
  ])('whose tag is refused by %i is narrowed: %s', async (status, narrowed) => {
    await using registry = await startPushRegistry({ sparse: 'all' });
    const image = await bench.resolve(idx(small), 'r.example/x:1', { platforms: 'linux/amd64' });
    registry.misbehave({
      sparse: 'all',
      faults: [{ method: 'PUT', path: /manifests\/1$/, times: 1, status }],
    });
    const { report } = await pushTo(registry, bench.lock(image), bench.store, { client: { retries: 0 } });
    expect(report.images).toMatchObject([
      narrowed ? { status: 'pushed', narrowed, there: image.root } : { status: 'failed' },
    ]);
  });
});

describe('a tag of which it is not known whether it is there', () => {
  it.each(['if-missing', 'fail-if-different'] as const)(
    'is told with the words of the registry and what can be done, by the policy %s',
    async (policy) => {
      const refused = ['HEAD', 'GET'].map((method) => ({
        method,
        path: /x\/manifests\/1/,
        times: 99,
        status: 412,
      }));
      await using registry = await startPushRegistry({ faults: refused });
      const { report } = await pushTo(registry, await lockOf({ 'r.example/x:1': oneOf('x') }), bench.store, {
        policy,
      });
      const place = `${registry.host}/r.example/x:1`;
      expect(report.failed).toMatchObject([
        {
          ref: place,
          message: expect.stringMatching(
            `^whether ${place} is there is not known, and push-policy is ${policy}: .*412`,
          ),
          hint: expect.stringMatching(/^.+ --push-policy always replaces what is there\.$/),
        },
      ]);
      expect(registry.requests().every(({ method }) => method === 'HEAD' || method === 'GET')).toBe(true);
    },
  );
});
