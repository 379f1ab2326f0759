import fc from 'fast-check';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Lock } from '../../src/lock/index.ts';
import { findPushed } from '../../src/push/index.ts';
import { parsePushTargets } from '../../src/options/index.ts';
import { clientOf } from '../registry/support.ts';
import { type Resolving, startResolving } from '../resolve/resolving.ts';
import {
  att,
  buildImage,
  buildIndex,
  filledLayer,
  idx,
  nested,
  one,
  sharing,
  zst,
} from '../support/fixtures/index.ts';
import type { Image } from '../support/image.ts';
import { listen } from '../support/listen.ts';
import { type PushRegistry, startPushRegistry } from '../support/push-registry.ts';
import { subjectOf, tally } from '../support/registry-request.ts';
import { KINDS, lockOfImages, pushTo, statusesOf } from './pushing.ts';

const small = { layerBytes: 100 };
const WRITES = ['PUT', 'PATCH', 'POST', 'DELETE'];
let bench: Resolving;
beforeAll(async () => {
  bench = await startResolving();
});
afterAll(() => bench.close());

/** Images by stored name. */
const lockOf = (images: Readonly<Record<string, Image>>): Promise<Lock> => lockOfImages(bench, images);

const ALL_KINDS = { ...KINDS, 'r.example/zst:1': zst(small) };

describe('a push', () => {
  it('sends every image with its digest, its blobs once, its tag last', async () => {
    await using registry = await startPushRegistry();
    const { report, events } = await pushTo(registry, await lockOf(ALL_KINDS), bench.store, { suffix: '/m' });
    expect(report.failed).toEqual([]);
    expect(report.outcome).toBe('done');
    for (const [name, image] of Object.entries(ALL_KINDS)) {
      const [path = '', tag = ''] = name.split(':');
      const stored = registry.contents.manifest(`m/${path}`, tag);
      expect(
        Buffer.from(image.manifests.get(image.top)?.bytes ?? '').equals(stored?.bytes ?? Buffer.alloc(0)),
      ).toBe(true);
    }
    expect(registry.contents.broken()).toEqual([]);
    expect(registry.contents.sessions.size).toBe(0);
    const sent = registry
      .requests({ method: 'PUT', kind: 'upload' })
      .map(({ path }) => path.split('digest=')[1]);
    expect(new Set(sent).size).toBe(sent.length);
    expect(report.totals).toMatchObject({ pushed: 7, sentBlobs: sent.length });
    const moved = events.reduce((sum, event) => sum + (event.type === 'bytes' ? event.delta : 0), 0);
    expect(moved).toBe(report.totals.sentBytes);
  });

  it('of unchanged images is one HEAD per name, and nothing else', async () => {
    await using registry = await startPushRegistry();
    const lock = await lockOf(ALL_KINDS);
    await pushTo(registry, lock, bench.store);
    registry.clear();
    const { report } = await pushTo(registry, lock, bench.store);
    expect(tally(registry.requests())).toEqual({ 'HEAD manifest': 7 });
    expect(report.totals).toMatchObject({ unchanged: 7, pushed: 0, sentBytes: 0 });
  });

  it('mounts blobs that another repository has', async () => {
    await using registry = await startPushRegistry();
    const images = Object.fromEntries(
      sharing(5, { layerBytes: 2000, ownBytes: 100 }).map((image, at) => [`r.example/s${at}:1`, image]),
    );
    const { report } = await pushTo(registry, await lockOf(images), bench.store);
    expect(report.totals).toMatchObject({ pushed: 5, mountedBlobs: 4, sentBlobs: 11 });
    expect(registry.contents.broken()).toEqual([]);
  });

  it.each([false, 404] as const)(
    'never has two uploads of one blob under way, where mounts are answered by %s',
    async (mount) => {
      await using registry = await startPushRegistry({ mount, oneUpload: true });
      const images = Object.fromEntries(
        sharing(10, { layerBytes: 300_000, ownBytes: 100 }).map((image, at) => [`r.example/s${at}:1`, image]),
      );
      const { report } = await pushTo(registry, await lockOf(images), bench.store, {
        parallel: 8,
        client: { retries: 0 },
      });
      expect(report.failed).toEqual([]);
      expect(report.totals).toMatchObject({ pushed: 10, mountedBlobs: 0, sentBlobs: 30 });
      expect(registry.contents.sessions.size).toBe(0);
    },
  );

  it('into one repository sends a shared layer once and asks for it once', async () => {
    await using registry = await startPushRegistry();
    const images = Object.fromEntries(
      sharing(3, { layerBytes: 2000, ownBytes: 100 }).map((image, at) => [`r.example/app:${at}`, image]),
    );
    const { report } = await pushTo(registry, await lockOf(images), bench.store);
    expect(report.totals).toMatchObject({ sentBlobs: 7, mountedBlobs: 0 });
    expect(registry.requests({ method: 'HEAD', kind: 'blob' })).toHaveLength(7);
  });

  it('of any images leaves each tag whole, and sends each blob once', async () => {
    const image = fc
      .array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 3 })
      .map((layers) =>
        buildImage({ layers: [...new Set(layers)].map((at) => filledLayer(`any ${at}`, 50 + at)) }),
      );
    const tree = fc.oneof(
      image,
      fc
        .array(image, { minLength: 1, maxLength: 3 })
        .map((all) => buildIndex(all.map((child) => ({ image: child })))),
    );
    const list = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c/d'), tree), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(list, fc.boolean(), async (all, mount) => {
        await using registry = await startPushRegistry({ mount, oneUpload: true });
        const images = Object.fromEntries(all.map(([name, one], at) => [`r.example/${name}:${at}`, one]));
        const { report } = await pushTo(registry, await lockOf(images), bench.store, {
          client: { retries: 0 },
        });
        expect(report.failed).toEqual([]);
        expect(registry.contents.broken()).toEqual([]);
        const sent = registry
          .requests({ method: 'PUT', kind: 'upload' })
          .map(({ path }) => `${mount ? '' : subjectOf(path).repository} ${path.split('digest=')[1]}`);
        expect(new Set(sent).size).toBe(sent.length);
        // A tag is put after all other manifests of its repository's tree: the registry refuses it else.
        expect(
          registry.requests({ method: 'PUT', kind: 'manifest' }).every(({ status }) => status === 201),
        ).toBe(true);
      }),
      { numRuns: 15 },
    );
  });
});

describe('a push that its target would refuse', () => {
  it('lists all repositories that do not exist in one failure, before any byte', async () => {
    await using registry = await startPushRegistry({ missing: (name) => !name.endsWith('one') });
    const { report } = await pushTo(registry, await lockOf(ALL_KINDS), bench.store);
    expect(report.failed).toHaveLength(1);
    const [failure] = report.failed;
    expect(failure?.class).toBe('not-found');
    for (const name of ['d2', 'idx', 'zst']) expect(failure?.message).toContain(`r.example/${name}`);
    expect(report.missingRepositories).toHaveLength(6);
    expect(report.missingRepositories).not.toContain('r.example/one');
    expect(statusesOf(report)['r.example/one:1']).toBe('not started');
    expect(tally(registry.requests())).toEqual({
      'HEAD manifest': 7,
      'POST upload': 7,
      'DELETE upload': 1,
    });
  });

  it('with --on-error warn still pushes the images that are not refused', async () => {
    await using registry = await startPushRegistry({ missing: (name) => name.endsWith('d2') });
    const { report } = await pushTo(registry, await lockOf(ALL_KINDS), bench.store, { onError: 'warn' });
    expect(report.outcome).toBe('warned');
    expect(report.totals).toMatchObject({ pushed: 6, failed: 1 });
    expect(registry.contents.broken()).toEqual([]);
  });

  it('reports names that are too deep as such, with a hint to fold them', async () => {
    await using registry = await startPushRegistry({ maxDepth: 3 });
    const images = {
      'r.example/a:1': one({ seed: 'a', ...small }),
      'r.example/a/b:1': one({ seed: 'b', ...small }),
      'r.example/a/b/c:1': one({ seed: 'c', ...small }),
      'r.example/a/b/c/d:1': one({ seed: 'd', ...small }),
    };
    const lock = await lockOf(images);
    const { report } = await pushTo(registry, lock, bench.store);
    const [failure] = report.failed;
    expect(failure?.message).toContain('3 parts at most');
    expect(failure?.message).toContain('r.example/a/b/c/d');
    expect(failure?.hint).toContain(`${registry.host}@depth=3`);
    expect(registry.requests().some(({ received }) => received > 0)).toBe(false);
    const folded = await pushTo(registry, lock, bench.store, { suffix: '@depth=3' });
    expect(folded.report.outcome).toBe('done');
    expect([...registry.contents.repositories.keys()]).toContain('r.example/a/b-c-d');
  });

  it('reports a refusal of every repository as a refused login', async () => {
    await using registry = await startPushRegistry({ maxDepth: 1 });
    const { report } = await pushTo(registry, await lockOf(ALL_KINDS), bench.store);
    expect(report.failed.map((failure) => failure.class)).toEqual(['denied']);
    expect(report.failed[0]?.hint).toContain(`docker login ${registry.host}`);
  });

  it('reports a read-only registry as such', async () => {
    await using registry = await startPushRegistry({ readOnly: true });
    const { report } = await pushTo(registry, await lockOf(ALL_KINDS), bench.store);
    expect(report.failed).toHaveLength(1);
    expect(report.failed[0]?.message).toContain('is read-only');
    expect(report.totals).toMatchObject({ failed: 7 });
  });

  it('finds out by one manifest that Docker’s types are refused, and leaves nothing behind', async () => {
    await using registry = await startPushRegistry({ docker: false });
    const { report } = await pushTo(registry, await lockOf(ALL_KINDS), bench.store);
    expect(report.failed).toHaveLength(1);
    const [failure] = report.failed;
    expect(failure?.class).toBe('unsupported');
    expect(failure?.message).toContain('r.example/d2:1');
    expect(failure?.message).toContain('r.example/dlist:1');
    expect(failure?.message).not.toContain('r.example/one:1');
    expect(failure?.hint).toMatch(/compat.*docker2s2/);
    expect(failure?.hint).toContain('--format oci');
    expect(registry.requests({ method: 'PUT' })).toHaveLength(1);
    expect(registry.contents.sessions.size).toBe(0);
    for (const { manifests, blobs } of registry.contents.repositories.values())
      expect(manifests.size + blobs.size).toBe(0);
  });

  it('probes nothing where nothing is to be pushed', async () => {
    await using registry = await startPushRegistry();
    const lock = await lockOf(ALL_KINDS);
    await pushTo(registry, lock, bench.store);
    registry.misbehave({ readOnly: true, docker: false });
    expect((await pushTo(registry, lock, bench.store)).report.outcome).toBe('done');
  });
});

describe('case C2: a sparse image', () => {
  const sparse = async (
    platforms: string,
    image = att(small),
  ): Promise<{ lock: Lock; root: string; top: string }> => {
    const resolved = await bench.resolve(image, 'r.example/x:1', { platforms });
    return { lock: bench.lock(resolved), root: resolved.root, top: resolved.digest };
  };
  const tagged = (registry: Awaited<ReturnType<typeof startPushRegistry>>): string | undefined =>
    registry.contents.at('r.example/x').tags.get('1');

  it.each(['linux/amd64', 'linux/amd64,linux/arm64'])(
    'of %s is narrowed where its index is refused, and said so with both digests',
    async (platforms) => {
      await using registry = await startPushRegistry();
      const { lock, root, top } = await sparse(platforms, idx(small));
      const { report } = await pushTo(registry, lock, bench.store);
      expect(report.images).toMatchObject([{ status: 'pushed', digest: top, there: root, narrowed: true }]);
      expect(tagged(registry)).toBe(root);
      expect(registry.contents.broken()).toEqual([]);
      registry.clear();
      const again = await pushTo(registry, lock, bench.store);
      expect(again.report.images).toMatchObject([{ status: 'unchanged', there: root, narrowed: true }]);
      expect(tally(registry.requests())).toEqual({ 'HEAD manifest': 1 });
    },
  );

  it('leaves no attestation at the target without its index', async () => {
    await using registry = await startPushRegistry();
    const { lock, root } = await sparse('linux/amd64');
    await pushTo(registry, lock, bench.store);
    expect([...registry.contents.at('r.example/x').manifests.keys()]).toEqual([root]);
  });

  it.each(['all', 'listed'] as const)(
    'keeps its index where %s absent children pass, and no probe stays',
    async (children) => {
      await using registry = await startPushRegistry({ sparse: children });
      const { lock, top } = await sparse('linux/amd64');
      const { report } = await pushTo(registry, lock, bench.store, { index: 'keep' });
      expect(report.images).toMatchObject([{ status: 'pushed', there: top }]);
      expect(report.images[0]?.narrowed).toBeUndefined();
      expect(tagged(registry)).toBe(top);
      expect(registry.contents.broken(true)).toEqual([]);
      expect(registry.contents.at('r.example/x').manifests.size).toBe(3);
    },
  );

  it.each(['none', 'all'] as const)(
    'leaves the tags of others alone that took its other platforms, where %s absent children pass',
    async (children) => {
      await using registry = await startPushRegistry({ sparse: children });
      const image = idx(small);
      const [mine, rest] = ['linux/amd64', 'linux/arm64,linux/arm/v7'];
      const others = await bench.resolve(image, 'r.example/x:rest', { platforms: rest });
      await pushTo(registry, bench.lock(others), bench.store);
      const stood = registry.contents.at('r.example/x').tags.get('rest') ?? '';
      const { lock } = await sparse(mine, image);
      await pushTo(registry, lock, bench.store);
      expect(registry.contents.at('r.example/x').manifests.has(stood)).toBe(true);
      expect(registry.contents.broken(children === 'all')).toEqual([]);
    },
  );

  it('with --index keep is refused before any byte', async () => {
    await using registry = await startPushRegistry();
    const { lock } = await sparse('linux/amd64');
    const { report } = await pushTo(registry, lock, bench.store, { index: 'keep' });
    expect(report.failed[0]?.message).toContain('r.example/x:1');
    expect(report.failed[0]?.hint).toContain('--index auto');
    expect(
      registry.requests().every(({ path, method }) => method === 'PUT' || !path.includes('digest=')),
    ).toBe(true);
    expect(registry.contents.at('r.example/x').manifests.size).toBe(0);
  });

  it.each([
    [500, 'pushed', 'where the registry stumbles over its index'],
    [503, 'failed', 'by a registry that is busy, which says nothing of indexes'],
  ])('with %i is %s %s', async (status, outcome) => {
    const faults = [{ method: 'PUT', path: /manifests\/sha256:/, times: 2, status }];
    await using registry = await startPushRegistry({ sparse: 'all', faults });
    const { lock, root } = await sparse('linux/amd64', idx(small));
    const { report } = await pushTo(registry, lock, bench.store, { client: { retries: 0 } });
    expect(report.images).toMatchObject([{ status: outcome }]);
    expect(tagged(registry)).toBe(outcome === 'pushed' ? root : undefined);
  });

  it('whose index is there with other platforms gets the missing ones, whatever the policy', async () => {
    await using registry = await startPushRegistry({ sparse: 'all' });
    const first = await sparse('linux/amd64', idx(small));
    await pushTo(registry, first.lock, bench.store);
    const { lock, top } = await sparse('linux/amd64,linux/arm64', idx(small));
    const { report } = await pushTo(registry, lock, bench.store, { policy: 'if-missing' });
    expect(report.images).toMatchObject([{ status: 'pushed', there: top }]);
    const { manifests } = registry.contents.at('r.example/x');
    const leaves = lock.images[0]?.leaves.map(({ digest }) => digest) ?? [];
    expect(leaves).toHaveLength(2);
    for (const leaf of leaves) expect(manifests.has(leaf)).toBe(true);
    registry.clear();
    const again = await pushTo(registry, lock, bench.store);
    expect(again.report.images).toMatchObject([{ status: 'unchanged', there: top }]);
    expect(tally(registry.requests())).toEqual({ 'HEAD manifest': 3 });
  });

  it('with --index narrow is pushed without a probe', async () => {
    await using registry = await startPushRegistry({ sparse: 'all' });
    const { lock, root } = await sparse('linux/amd64');
    await pushTo(registry, lock, bench.store, { index: 'narrow' });
    expect(tagged(registry)).toBe(root);
  });

  it('gets its narrowed index made again from a pool that lacks it', async () => {
    const { lock, root } = await sparse('linux/amd64,linux/arm64', nested(small));
    await using registry = await startPushRegistry();
    const lacking = {
      ...bench.store,
      read: async (digest: Parameters<typeof bench.store.read>[0], max: number) =>
        lock.images[0]?.leaves.some((leaf) => leaf.digest === digest) || nested(small).manifests.has(digest)
          ? bench.store.read(digest, max)
          : undefined,
    };
    const { report } = await pushTo(registry, lock, lacking);
    expect(report.images).toMatchObject([{ there: root }]);
  });
});

describe('a tag that has another digest', () => {
  const first = {
    'r.example/x:1': one({ seed: 'first', ...small }),
    'r.example/y:1': one({ seed: 'y', ...small }),
  };
  const second = {
    'r.example/x:1': one({ seed: 'second', ...small }),
    'r.example/y:1': one({ seed: 'y', ...small }),
  };

  it('is moved by the policy always', async () => {
    await using registry = await startPushRegistry();
    await pushTo(registry, await lockOf(first), bench.store);
    const { report } = await pushTo(registry, await lockOf(second), bench.store);
    expect(statusesOf(report)).toEqual({ 'r.example/x:1': 'pushed', 'r.example/y:1': 'unchanged' });
    expect(registry.contents.at('r.example/x').tags.get('1')).toBe(second['r.example/x:1'].top);
  });

  it('stays by the policy if-missing, and the report says so', async () => {
    await using registry = await startPushRegistry();
    await pushTo(registry, await lockOf(first), bench.store);
    registry.clear();
    const { report } = await pushTo(registry, await lockOf(second), bench.store, { policy: 'if-missing' });
    expect(report.outcome).toBe('done');
    expect(report.images[0]).toMatchObject({ status: 'kept', there: first['r.example/x:1'].top });
    expect(registry.requests().some(({ method }) => WRITES.includes(method))).toBe(false);
  });

  it.each([403, 500, 503])(
    'and is not told of, by %i, stays by the policies that leave tags alone',
    async (status) => {
      for (const policy of ['if-missing', 'fail-if-different'] as const) {
        await using registry = await startPushRegistry();
        await pushTo(registry, await lockOf(first), bench.store);
        registry.misbehave({
          faults: ['HEAD', 'GET'].map((method) => ({ method, path: /x\/manifests\/1/, times: 99, status })),
        });
        const client = { retries: 0 };
        const { report } = await pushTo(registry, await lockOf(second), bench.store, { policy, client });
        expect(report.outcome).toBe('failed');
        expect(report.failed.map(({ message }) => message).join()).toMatch(
          /is there is not known|did not answer/,
        );
        expect(registry.contents.at('r.example/x').tags.get('1')).toBe(first['r.example/x:1'].top);
      }
    },
  );

  it('fails by the policy fail-if-different, before anything is written', async () => {
    await using registry = await startPushRegistry();
    await pushTo(registry, await lockOf(first), bench.store);
    registry.clear();
    const more = { ...second, 'r.example/z:1': one({ seed: 'z', ...small }) };
    const { report } = await pushTo(registry, await lockOf(more), bench.store, {
      policy: 'fail-if-different',
    });
    expect(report.outcome).toBe('failed');
    expect(report.failed).toMatchObject([{ ref: `${registry.host}/r.example/x:1`, class: 'digest' }]);
    expect(statusesOf(report)['r.example/z:1']).toBe('not started');
    expect(registry.requests({ method: 'PUT' })).toEqual([]);
  });

  it('and that cannot be moved fails its image alone', async () => {
    await using registry = await startPushRegistry();
    await pushTo(registry, await lockOf(first), bench.store);
    registry.misbehave({ immutable: true });
    const more = { ...second, 'r.example/z:1': one({ seed: 'z', ...small }) };
    const { report } = await pushTo(registry, await lockOf(more), bench.store);
    expect(statusesOf(report)).toEqual({
      'r.example/x:1': 'failed',
      'r.example/y:1': 'unchanged',
      'r.example/z:1': 'pushed',
    });
    expect(report.failed[0]?.message).toContain('immutable');
    // The same digest on an immutable tag is success, by every policy.
    for (const policy of ['always', 'if-missing', 'fail-if-different'] as const) {
      expect((await pushTo(registry, await lockOf(first), bench.store, { policy })).report.outcome).toBe(
        'done',
      );
    }
  });
});

describe('a failure of a push', () => {
  it('case H2: by a body that is too large names the layer, is not tried again, and fails its images alone', async () => {
    await using registry = await startPushRegistry({ maxBody: 100_000, mount: false });
    const shared = sharing(3, { layerBytes: 300_000, ownBytes: 100 });
    const images = {
      ...Object.fromEntries(shared.map((image, at) => [`r.example/s${at}:1`, image])),
      'r.example/one:1': one(small),
    };
    const { report } = await pushTo(registry, await lockOf(images), bench.store);
    expect(report.totals).toMatchObject({ pushed: 1, failed: 3 });
    const refused = registry.requests({ kind: 'upload', status: 413 });
    expect(refused).toHaveLength(1);
    expect(report.failed).toHaveLength(1);
    expect(report.failed[0]?.message).toMatch(/blob sha256:[0-9a-f]{12}/);
    for (const at of [0, 1, 2]) expect(registry.contents.at(`r.example/s${at}`).tags.size).toBe(0);
  });

  it('of one image leaves the others, and the next push sends only the rest', async () => {
    await using registry = await startPushRegistry({
      faults: [{ method: 'PUT', path: /idx\/manifests\//, times: 99, status: 500 }],
    });
    const lock = await lockOf(ALL_KINDS);
    const { report } = await pushTo(registry, lock, bench.store, { client: { retries: 1 } });
    expect(report.totals).toMatchObject({ pushed: 6, failed: 1 });
    expect(report.failed).toMatchObject([{ ref: `${registry.host}/r.example/idx:1`, class: 'network' }]);
    expect(registry.contents.at('r.example/idx').tags.size).toBe(0);
    registry.misbehave({});
    registry.clear();
    const again = await pushTo(registry, lock, bench.store);
    expect(again.report.totals).toMatchObject({ pushed: 1, unchanged: 6, sentBlobs: 0, thereBlobs: 6 });
    expect(registry.contents.broken()).toEqual([]);
  });

  it('is a warning for a tag that does not read as it was pushed', async () => {
    await using registry = await startPushRegistry({
      faults: [{ method: 'GET', path: /one\/manifests\//, times: 99, status: 404 }],
    });
    const { report, events } = await pushTo(registry, await lockOf(ALL_KINDS), bench.store, {
      pause: () => Promise.resolve(),
    });
    expect(report.failed).toEqual([]);
    const warnings = events.filter((event) => event.type === 'log' && event.level === 'warning');
    expect(warnings).toMatchObject([{ message: expect.stringContaining('it is not there yet') }]);
  });

  it('is reported for a blob that is damaged here, before it is sent', async () => {
    await using registry = await startPushRegistry();
    const image = one({ seed: 'damaged', ...small });
    const layer = [...image.blobs.keys()].at(-1);
    const pool = {
      ...bench.store,
      has: async (blob: { digest: string; size: number }) => blob.digest !== layer,
    };
    const { report } = await pushTo(registry, await lockOf({ 'r.example/x:1': image }), pool);
    expect(report.failed).toMatchObject([{ class: 'digest' }]);
    expect(registry.contents.at('r.example/x').tags.size).toBe(0);
  });

  it('of the whole target during a push is reported once', async () => {
    const registry = await startPushRegistry();
    const images = Object.fromEntries(
      Array.from({ length: 12 }, (_, at) => [`r.example/x${at}:1`, one({ seed: `gone ${at}`, ...small })]),
    );
    const lock = await lockOf(images);
    let closed: Promise<void> | undefined;
    const pool = {
      ...bench.store,
      has: async (blob: Parameters<typeof bench.store.has>[0]) => {
        // The registry goes away when the fifth blob is about to be sent.
        if (registry.requests({ method: 'PUT' }).length >= 4) await (closed ??= registry.close());
        return bench.store.has(blob);
      },
    };
    const { report } = await pushTo(registry, lock, pool, { parallel: 2, client: { retries: 1 } });
    expect(report.outcome).toBe('failed');
    expect(report.totals.failed).toBeGreaterThan(8);
    expect(report.failed.some(({ message }) => message.includes('went away'))).toBe(true);
    expect(report.failed.length).toBeLessThan(5);
    expect(registry.contents.broken()).toEqual([]);
  });

  it('by an interruption ends the push', async () => {
    await using registry = await startPushRegistry();
    const controller = new AbortController();
    const pool = {
      ...bench.store,
      has: () => {
        controller.abort(new Error('stop'));
        return Promise.resolve(true);
      },
    };
    const pushing = pushTo(registry, await lockOf(ALL_KINDS), pool, { signal: controller.signal });
    await expect(pushing).rejects.toThrow('stop');
    for (const { tags } of registry.contents.repositories.values()) expect(tags.size).toBe(0);
  });
});

describe('a push target that is not up yet', () => {
  /** A port that nobody listens on. */
  const freePort = async (): Promise<number> => {
    const { port, end } = await listen(createServer());
    await end();
    return port;
  };

  it('is waited for, with a line in the log', async () => {
    const port = await freePort();
    let coming: Promise<PushRegistry> | undefined;
    const { report, events } = await pushTo(
      { host: `127.0.0.1:${port}` },
      await lockOf(ALL_KINDS),
      bench.store,
      {
        waitMilliseconds: 20_000,
        client: { retries: 0 },
        onEvent: ({ type }) => {
          if (type === 'log') coming ??= startPushRegistry({}, { port });
        },
      },
    );
    await using registry = await coming!;
    expect(report.outcome).toBe('done');
    const said = events.flatMap((event) => (event.type === 'log' ? [event.message] : []));
    expect(said.filter((message) => message.includes('waiting for it'))).toHaveLength(1);
    expect(registry.contents.broken()).toEqual([]);
  });

  it('and answers 503 at first is waited for', async () => {
    await using registry = await startPushRegistry({
      faults: [{ method: 'GET', path: /^\/v2\/$/, times: 3, status: 503 }],
    });
    const { report } = await pushTo(registry, await lockOf(ALL_KINDS), bench.store, {
      waitMilliseconds: 20_000,
    });
    expect(report.outcome).toBe('done');
  });

  it('and answers 503 with a time each time is waited for, however often that was', async () => {
    await using registry = await startPushRegistry({
      faults: [{ method: 'GET', path: /^\/v2\/$/, times: 4, status: 503, headers: { 'retry-after': '1' } }],
    });
    const { report } = await pushTo(registry, await lockOf(ALL_KINDS), bench.store, {
      waitMilliseconds: 40_000,
      client: { retries: 0 },
    });
    expect(report.outcome).toBe('done');
  });

  it('and never comes up fails in time, all its images for one cause', async () => {
    const host = `127.0.0.1:${await freePort()}`;
    const { report } = await pushTo({ host }, await lockOf(ALL_KINDS), bench.store, { waitMilliseconds: 30 });
    expect(report.failed).toHaveLength(1);
    expect(report.failed[0]?.class).toBe('network');
    expect(report.failed[0]?.message).toContain('did not answer as a registry within');
    expect(report.totals).toMatchObject({ failed: 7 });
  });
});

describe('a dry run of a push', () => {
  it('warns where a target does not tell what it has', async () => {
    await using registry = await startPushRegistry({ authorization: 'Basic x' });
    const { report, events } = await pushTo(registry, await lockOf(ALL_KINDS), bench.store, { dryRun: true });
    expect(new Set(report.images.map(({ status }) => status))).toEqual(new Set(['to push']));
    const warnings = events.filter((event) => event.type === 'log' && event.level === 'warning');
    expect(warnings).toMatchObject([{ message: expect.stringContaining('may refuse the push') }]);
  });

  it('finds by HEAD requests alone what would be sent', async () => {
    await using registry = await startPushRegistry();
    const shared = sharing(3, { layerBytes: 2000, ownBytes: 100 });
    const images = {
      ...ALL_KINDS,
      ...Object.fromEntries(shared.map((image, at) => [`r.example/s${at}:1`, image])),
    };
    await pushTo(registry, await lockOf({ 'r.example/one:1': ALL_KINDS['r.example/one:1'] }), bench.store);
    registry.clear();
    const lock = await lockOf(images);
    const dry = await pushTo(registry, lock, bench.store, { dryRun: true });
    expect(new Set(registry.requests().map(({ method }) => method))).toEqual(new Set(['HEAD']));
    const { report } = await pushTo(registry, lock, bench.store);
    const { sentBlobs, sentBytes, mountedBlobs } = report.totals;
    expect(dry.report.totals).toMatchObject({ pushed: 0, unchanged: 1, sentBlobs, sentBytes, mountedBlobs });
    expect(statusesOf(dry.report)['r.example/idx:1']).toBe('to push');
  });
});

describe('findPushed', () => {
  it('finds which names targets have, by one HEAD per name', async () => {
    await using registry = await startPushRegistry();
    await using denying = await startPushRegistry({ authorization: 'Basic x' });
    await pushTo(registry, await lockOf(ALL_KINDS), bench.store, { suffix: '/m' });
    registry.clear();
    using client = clientOf([registry, denying]);
    const targets = parsePushTargets([`${registry.host}/m`, denying.host]);
    const right = [{ digest: one(small).top, below: [] }];
    const wanted = [
      { name: 'r.example/one:1', right },
      { name: 'r.example/idx:1', right },
      { name: 'r.example/none:1', right },
    ];
    const found = await findPushed(wanted, targets, client);
    expect(found.map(({ there }) => there)).toEqual([true, false, false, false, false, false]);
    expect(found.map(({ error }) => error?.code)).toEqual([
      undefined,
      undefined,
      undefined,
      'denied',
      'denied',
      'denied',
    ]);
    expect(tally(registry.requests())).toEqual({ 'HEAD manifest': 3 });
  });
});
