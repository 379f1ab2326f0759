import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readManifests } from '../../src/image/index.ts';
import { chooseNames, type Lock } from '../../src/lock/index.ts';
import { type Digest, digestTag } from '../../src/oci/digest.ts';
import { parseManifest } from '../../src/oci/manifest.ts';
import { reachable } from '../../src/oci/reachable.ts';
import { decide } from '../../src/push/decide.ts';
import { type IndexChoice, planPush, type PushName } from '../../src/push/plan.ts';
import { parseNamingRule, parsePushTargets } from '../../src/options/index.ts';
import { type Resolving, startResolving } from '../resolve/resolving.ts';
import { att, buildIndex, d2, dlist, idx, nested, one } from '../support/fixtures/index.ts';
import { type Image, topOf } from '../support/image.ts';

const small = { layerBytes: 100 };
let bench: Resolving;
beforeAll(async () => {
  bench = await startResolving();
});
afterAll(() => bench.close());

const [TARGET] = parsePushTargets(['r.example:5000/m']);
const plan = async (lock: Lock, index: IndexChoice = 'auto', target = TARGET!): Promise<PushName[]> =>
  planPush(lock, await readManifests(lock, bench.store), target, index);

const kinds = (name: PushName | undefined): unknown[] =>
  name?.variants.map(({ digest, narrowed }) => [digest, narrowed]) ?? [];

describe('planPush', () => {
  it('plans a whole image as it is, whatever --index says', async () => {
    const lock = bench.lock(await bench.resolve(idx(small), 'x:1'));
    for (const index of ['auto', 'keep', 'narrow'] as const) {
      const [name] = await plan(lock, index);
      expect(kinds(name)).toEqual([[idx(small).top, false]]);
      expect(name?.to.text).toBe('r.example:5000/m/docker.io/library/x:1');
    }
  });

  it.each([
    ['one platform', 'linux/arm64'],
    ['several', 'linux/amd64,linux/arm64'],
  ])('plans a sparse image of %s as its source has it first, and then its stand-in', async (_, platforms) => {
    const lock = bench.lock(await bench.resolve(idx(small), 'x:1', { platforms }));
    const [image] = lock.images;
    const original = [idx(small).top, false];
    const root = [image?.root, true];
    expect(kinds((await plan(lock, 'auto'))[0])).toEqual([original, root]);
    expect(kinds((await plan(lock, 'keep'))[0])).toEqual([original]);
    expect(kinds((await plan(lock, 'narrow'))[0])).toEqual([root]);
  });

  it('takes attestations with the index, and not with the leaf that stands in for it', async () => {
    const lock = bench.lock(await bench.resolve(att(small), 'x:1', { platforms: 'linux/amd64' }));
    const [name] = await plan(lock);
    expect(name?.variants.map(({ manifests }) => manifests.length)).toEqual([3, 1]);
  });

  it('puts an image without a tag under its digest’s', async () => {
    const { top } = one(small);
    const lock = bench.lock(await bench.resolve(one(small), `x@${top}`));
    expect((await plan(lock))[0]?.to.tag).toBe(digestTag(top));
  });

  it('lists manifests of Docker’s types, leaves first', async () => {
    const lock = bench.lock(await bench.resolve(dlist(small), 'x:1'), await bench.resolve(one(small), 'y:1'));
    const names = await plan(lock);
    const docker = names.find(({ stored }) => stored.endsWith('x:1'))?.docker ?? [];
    expect(docker).toHaveLength(3);
    expect(docker.at(-1)).toBe(dlist(small).top);
    expect(names.find(({ stored }) => stored.endsWith('y:1'))?.docker).toEqual([]);
  });

  it('plans the largest image first', async () => {
    const lock = bench.lock(
      await bench.resolve(one({ seed: 'a', layerBytes: 100 }), 'a:1'),
      await bench.resolve(one({ seed: 'b', layerBytes: 9000 }), 'b:1'),
      await bench.resolve(one({ seed: 'c', layerBytes: 3000 }), 'c:1'),
    );
    expect((await plan(lock)).map(({ stored }) => stored.at(-3))).toEqual(['b', 'c', 'a']);
  });

  it('refuses two images under one folded name, and joins one image under it', async () => {
    const [folded] = parsePushTargets(['r.example@depth=1']);
    const one1 = await bench.resolve(one({ seed: '1', ...small }), 'r/a-b:1');
    const one2 = await bench.resolve(one({ seed: '2', ...small }), 'r/a/b:1');
    await expect(plan(bench.lock(one1, one2), 'auto', folded)).rejects.toThrow(
      /two images would be pushed as/,
    );
    const same = await bench.resolve(one({ seed: '1', ...small }), 'r/a/b:1');
    expect(await plan(bench.lock(one1, same), 'auto', folded)).toHaveLength(1);
  });
});

/** Indexes over indexes over images, some of which are shared. */
const trees = fc.letrec<{ node: Image; leaf: Image; index: Image }>((tie) => ({
  leaf: fc.integer({ min: 0, max: 6 }).map((seed) => one({ seed: `leaf ${seed}`, layerBytes: 10 })),
  index: fc
    .array(tie('node'), { minLength: 1, maxLength: 3 })
    .map((children) => buildIndex(children.map((image) => ({ image })))),
  node: fc.oneof({ maxDepth: 2 }, tie('leaf'), tie('index')),
})).index;

describe('reachable', () => {
  it('lists every manifest after its children, each once, the top last, and only wanted leaves', () => {
    fc.assert(
      fc.property(trees, fc.infiniteStream(fc.boolean()), (image, choice) => {
        const manifests = new Map(
          [...image.manifests].map(([digest, { bytes }]) => [digest, { manifest: parseManifest(bytes) }]),
        );
        const leaves = new Set(
          [...manifests].flatMap(([digest, { manifest }]) =>
            manifest.kind === 'manifest' && choice.next().value ? [digest] : [],
          ),
        );
        const found = reachable(image.top, manifests, leaves);
        const at = new Map(found.manifests.map((digest, index) => [digest, index] as const));
        expect(at.size).toBe(found.manifests.length);
        expect(found.manifests.at(-1)).toBe(image.top);
        for (const [digest, index] of at) {
          const manifest = manifests.get(digest)?.manifest;
          if (manifest?.kind === 'manifest') {
            expect(leaves.has(digest)).toBe(true);
            for (const { digest: blob } of manifest.layers) expect(found.blobs).toContain(blob);
          }
          for (const child of manifest?.kind === 'index' ? manifest.manifests : []) {
            expect(at.get(child.digest) ?? -1).toBeLessThan(index);
          }
        }
        expect(new Set(found.blobs).size).toBe(found.blobs.length);
        expect(topOf(image).bytes.length).toBeGreaterThan(0);
      }),
    );
  });

  it('lists an index right after its children', () => {
    const image = nested(small);
    const manifests = new Map(
      [...image.manifests].map(([digest, { bytes }]) => [digest, { manifest: parseManifest(bytes) }]),
    );
    const kindsInOrder = reachable(image.top, manifests, new Set(manifests.keys())).manifests.map(
      (digest) => manifests.get(digest)?.manifest.kind,
    );
    expect(kindsInOrder).toEqual(['manifest', 'manifest', 'manifest', 'index', 'index']);
  });
});

describe('decide: what a push does with a tag that is there', () => {
  const other = d2(small).top;
  const name = async (): Promise<PushName> => {
    const resolved = await bench.resolve(idx(small), 'x:1', { platforms: 'linux/amd64' });
    const [only] = await plan(bench.lock(resolved));
    return only!;
  };
  const ask = async (found: Digest | undefined, policy: Parameters<typeof decide>[2]): Promise<string> => {
    return decide(await name(), { found }, policy)?.status ?? 'push';
  };

  it.each(['always', 'if-missing', 'fail-if-different'] as const)('by the policy %s', async (policy) => {
    const root = (await name()).variants[1]?.digest;
    expect(await ask(undefined, policy)).toBe('push');
    expect(await ask(idx(small).top, policy)).toBe('unchanged');
    expect(await ask(root, policy)).toBe('unchanged');
    const different = { always: 'push', 'if-missing': 'kept', 'fail-if-different': 'failed' }[policy];
    expect(await ask(other, policy)).toBe(different);
  });
});

describe('a push of a part under other names', () => {
  it('plans the chosen names alone, each with the stored name that it is of', async () => {
    const lock = bench.lock(
      await bench.resolve(one({ seed: 'a', ...small }), 'quay.io/acme/a:1'),
      await bench.resolve(one({ seed: 'b', ...small }), 'quay.io/acme/b:1'),
      await bench.resolve(one({ seed: 'c', ...small }), 'docker.io/acme/a:1'),
    );
    const naming = [parseNamingRule('quay.io/acme/=apps/'), parseNamingRule('docker.io/acme/=apps/')];
    const planned = async (only: string[]): Promise<unknown> => {
      const manifests = await readManifests(lock, bench.store);
      const { of } = chooseNames(lock, { only, naming });
      const names = planPush(lock, manifests, TARGET!, 'auto', of);
      return names
        .map(({ stored, to }) => [stored, to.text] as const)
        .toSorted(([one], [other]) => (one < other ? -1 : 1));
    };
    expect(await planned(['quay.io/**'])).toEqual([
      ['quay.io/acme/a:1', 'r.example:5000/m/apps/a:1'],
      ['quay.io/acme/b:1', 'r.example:5000/m/apps/b:1'],
    ]);
    await expect(planned([])).rejects.toThrow(
      /two images would be pushed as r.example:5000\/m\/apps\/a:1: .*docker.io\/acme\/a:1.* and .*quay.io\/acme\/a:1/,
    );
  });
});
