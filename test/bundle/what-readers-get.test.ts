import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { planTree, type TreeFile, type View } from '../../src/bundle/index.ts';
import { readManifests } from '../../src/image/index.ts';
import type { Lock } from '../../src/lock/index.ts';
import { type Digest, digestTag, hexOf } from '../../src/oci/digest.ts';
import {
  AMD64,
  ARM64,
  ARM_V7,
  att,
  buildIndex,
  chart,
  d2,
  dockerWithOciLayer,
  dockerZstd,
  encrypted,
  foreign,
  idx,
  nydus,
  one,
  uncompressed,
  zst,
} from '../support/fixtures/index.ts';
import type { Image } from '../support/image.ts';
import { type Resolving, startResolving } from '../resolve/resolving.ts';

const small = { layerBytes: 100 };
let bench: Resolving;
beforeAll(async () => {
  bench = await startResolving();
});
afterAll(() => bench.close());

interface Entry {
  mediaType: string;
  digest: Digest;
  annotations?: Record<string, string>;
}

const REF_NAME = 'org.opencontainers.image.ref.name';

const treeOf = async (lock: Lock, views: View[] = ['oci', 'zot']): Promise<readonly TreeFile[]> =>
  planTree(lock, await readManifests(lock, bench.store), views, () => '<html>');

function json(
  tree: readonly TreeFile[],
  path: string,
): { manifests: Entry[] } & { RepoTags: string[]; Config: string }[] {
  const file = tree.find((candidate) => candidate.path === path);
  if (file?.kind !== 'bytes') throw new Error(`${path} is not in the tree`);
  return JSON.parse(new TextDecoder().decode(file.bytes));
}

/** What each reader of a bundle with one image gets. */
async function readers(lock: Lock, repository: string) {
  const tree = await treeOf(lock);
  const entries = json(tree, `registry/${repository}/index.json`).manifests;
  return {
    tags: Object.fromEntries(
      entries.flatMap(({ digest, annotations }) => (annotations ? [[annotations[REF_NAME], digest]] : [])),
    ),
    untagged: entries.filter(({ annotations }) => !annotations).map(({ digest }) => digest),
    root: Object.fromEntries(
      json(tree, 'index.json').manifests.map(({ digest, annotations }) => [
        annotations?.['io.containerd.image.name'],
        digest,
      ]),
    ),
    docker: Object.fromEntries(
      json(tree, 'manifest.json').map(({ RepoTags, Config }) => [RepoTags.join(), Config]),
    ),
  };
}

const X = 'docker.io/library/x';

describe('what each reader of a bundle gets', () => {
  it('of a whole image: the index, its children untagged, one platform in docker’s form', async () => {
    const image = idx(small);
    const resolved = await bench.resolve(image, 'x:1');
    const got = await readers(bench.lock(resolved), X);
    const children = resolved.leaves.map(({ digest }) => digest);
    expect(got.tags).toEqual({ 1: image.top });
    expect(got.untagged).toEqual(children.toSorted());
    expect(got.root).toEqual({ [`${X}:1`]: image.top });
    expect(got.docker).toEqual({ [`${X}:1`]: `blobs/sha256/${hexOf(resolved.leaves[0]!.config)}` });
  });

  it('of one platform: the original index in the repository, the leaf elsewhere', async () => {
    const resolved = await bench.resolve(idx(small), 'x:1', { platforms: 'linux/arm64' });
    const got = await readers(bench.lock(resolved), X);
    const [leaf] = resolved.leaves;
    expect(got.tags).toEqual({ 1: idx(small).top });
    expect(got.untagged).toEqual([leaf?.digest]);
    expect(got.root).toEqual({ [`${X}:1`]: leaf?.digest });
    expect(got.docker).toEqual({ [`${X}:1`]: `blobs/sha256/${hexOf(leaf!.config)}` });
  });

  it('of several platforms: a narrowed index in the root, linux/amd64 in docker’s form', async () => {
    const resolved = await bench.resolve(idx(small), 'x:1', { platforms: 'linux/arm64,linux/amd64' });
    const got = await readers(bench.lock(resolved), X);
    expect(got.tags).toEqual({ 1: idx(small).top });
    expect(got.root).toEqual({ [`${X}:1`]: resolved.root });
    expect(resolved.root).not.toBe(idx(small).top);
    const amd64 = resolved.leaves.find(({ platform }) => platform === 'linux/amd64');
    expect(Object.values(got.docker)).toEqual([`blobs/sha256/${hexOf(amd64!.config)}`]);
  });

  it('of a child under two platforms: it stands for linux/amd64, and in the repository once', async () => {
    const child = one({ ...small, seed: 'fat' });
    const index = buildIndex([
      { image: one({ ...small, platform: ARM_V7 }), platform: ARM_V7 },
      { image: child, platform: ARM64 },
      { image: child, platform: AMD64 },
    ]);
    const resolved = await bench.resolve(index, 'x:1');
    const got = await readers(bench.lock(resolved), X);
    const leaf = resolved.leaves.find(({ digest }) => digest === child.top);
    expect(got.docker).toEqual({ [`${X}:1`]: `blobs/sha256/${hexOf(leaf!.config)}` });
    expect(got.untagged.filter((digest) => digest === child.top)).toHaveLength(1);
    expect(got.root).toEqual({ [`${X}:1`]: index.top });
  });

  it('of an image with attestations: they are in the repository, never under a leaf in the root', async () => {
    const resolved = await bench.resolve(att(small), 'x:1', { platforms: 'linux/amd64' });
    const got = await readers(bench.lock(resolved), X);
    expect(got.untagged).toHaveLength(2);
    const leaf = resolved.leaves.find(({ attests }) => attests === undefined);
    expect(got.root).toEqual({ [`${X}:1`]: leaf?.digest });
  });

  it('of one platform: no child that only another image of the same index took', async () => {
    const whole = await bench.resolve(idx(small), 'quay.io/a/whole:1');
    const sparse = await bench.resolve(idx(small), 'x:1', { platforms: 'linux/arm64' });
    const got = await readers(bench.lock(whole, sparse), X);
    expect(got.untagged).toEqual(sparse.leaves.map(({ digest }) => digest));
  });

  it('of a name with tag and digest: the tag', async () => {
    const image = one(small);
    const got = await readers(bench.lock(await bench.resolve(image, `x:1@${image.top}`)), X);
    expect(got.tags).toEqual({ 1: image.top });
    expect(got.root).toEqual({ [`${X}:1`]: image.top });
    expect(Object.keys(got.docker)).toEqual([`${X}:1`]);
  });

  it('of a digest alone: an untagged entry and a tag made from the digest', async () => {
    const image = one(small);
    const got = await readers(bench.lock(await bench.resolve(image, `x@${image.top}`)), X);
    expect(got.tags).toEqual({ [digestTag(image.top)]: image.top });
    expect(got.untagged).toEqual([image.top]);
    expect(got.root).toEqual({ [`${X}:${digestTag(image.top)}`]: image.top });
    // A digest among docker's tags would make podman refuse the whole archive.
    expect(Object.keys(got.docker)).toEqual([`${X}:${digestTag(image.top)}`]);
  });

  it('of an artifact: everything but docker’s form', async () => {
    const artifact = chart();
    const got = await readers(bench.lock(await bench.resolve(artifact, 'x:1')), X);
    expect(got.root).toEqual({ [`${X}:1`]: artifact.top });
    expect(got.docker).toEqual({});
  });
});

describe('found A10: what stops importers', () => {
  const names = async (images: readonly (readonly [string, Image])[]) => {
    const resolved = await Promise.all(images.map(([name, image]) => bench.resolve(image, name)));
    const tree = await treeOf(bench.lock(...resolved));
    const root = json(tree, 'index.json').manifests.map(
      ({ annotations }) => annotations?.['io.containerd.image.name'] ?? '',
    );
    const docker = json(tree, 'manifest.json').flatMap(({ RepoTags }) => RepoTags);
    const short = (name: string): string => name.replace('docker.io/library/', '');
    return { root: root.map(short), docker: docker.map(short), notes: resolved.map(({ notes }) => notes) };
  };

  it.each<[string, Image, string]>([
    ['an encrypted image', encrypted(small), 'application/vnd.oci.image.layer.v1.tar+gzip+encrypted'],
    ['an image of another snapshotter', nydus(small), 'application/vnd.oci.image.layer.nydus.blob.v1'],
  ])('%s is last in the root, not in docker’s form, and is said', async (_, image, type) => {
    const got = await names([
      ['a:1', one(small)],
      ['b:1', image],
      ['c:1', d2(small)],
    ]);
    expect(got.root).toEqual(['a:1', 'c:1', 'b:1']);
    expect(got.docker).toEqual(['a:1', 'c:1']);
    const note = `importers cannot unpack its layers of type ${type}: it is last in index.json, and manifest.json leaves out what has them`;
    expect(got.notes).toEqual([[], [note], []]);
  });

  it('artifacts are last in the root, too, whatever they are called', async () => {
    const got = await names([
      ['a:1', chart()],
      ['b:1', one(small)],
      ['c:1', encrypted(small)],
      ['d:1', idx(small)],
    ]);
    expect(got.root).toEqual(['b:1', 'd:1', 'a:1', 'c:1']);
    expect(got.docker).toEqual(['b:1', 'd:1']);
  });

  it('an index with one such platform is last, and no other platform takes its place in docker’s form', async () => {
    const index = (secret: typeof AMD64, plain: typeof AMD64): Image =>
      buildIndex([
        { image: one({ ...small, platform: plain }), platform: plain },
        { image: encrypted({ ...small, platform: secret }), platform: secret },
      ]);
    const got = await names([
      ['a:1', index(AMD64, ARM64)],
      ['b:1', index(ARM64, AMD64)],
      ['c:1', one(small)],
    ]);
    expect(got.root).toEqual(['c:1', 'a:1', 'b:1']);
    expect(got.docker).toEqual(['b:1', 'c:1']);
  });

  it('layers of every type that importers unpack do not', async () => {
    const plain: Image[] = [
      zst(small),
      uncompressed(small),
      dockerZstd(small),
      dockerWithOciLayer(small),
      foreign({ ...small, urls: [], held: true }).image,
      foreign({ ...small, urls: [], held: true, flavour: 'oci' }).image,
      att(small),
    ];
    const got = await names([['0:1', chart()], ...plain.map((image, at) => [`${at + 1}:1`, image] as const)]);
    expect(got.root.at(-1)).toBe('0:1');
    expect(got.docker).toHaveLength(plain.length);
  });
});

describe('a bundle’s tree', () => {
  it('holds every blob once, before the links that name it, and no file twice', async () => {
    const lock = bench.lock(
      await bench.resolve(idx(small), 'a:1'),
      await bench.resolve(d2(small), 'quay.io/b/c:2'),
    );
    const tree = await treeOf(lock);
    const paths = tree.map(({ path }) => path);
    expect(new Set(paths).size).toBe(paths.length);
    const firstLink = tree.findIndex(({ kind }) => kind === 'link');
    expect(tree.findLastIndex(({ kind }) => kind === 'blob')).toBeLessThan(firstLink);
    const blobs = tree.flatMap((file) => (file.kind === 'blob' ? [file.digest] : []));
    expect(blobs.toSorted()).toEqual(Object.keys(lock.blobs));
    for (const file of tree) if (file.kind === 'link') expect(paths).toContain(file.to);
  });

  it('names ports as they are in the root, and as zot serves them in the repository', async () => {
    const got = await readers(
      bench.lock(await bench.resolve(one(small), 'localhost:5000/x:1')),
      'localhost_5000/x',
    );
    expect(Object.keys(got.root)).toEqual(['localhost:5000/x:1']);
  });

  it('is at the top with one view: two one-layer images are ten files in six folders', async () => {
    const lock = bench.lock(
      await bench.resolve(one(small), 'a:1'),
      await bench.resolve(one({ ...small, seed: 'b' }), 'b:1'),
    );
    const tree = await treeOf(lock, ['zot']);
    const files = tree.filter(({ path }) => path !== '_restore_complete');
    expect(files).toHaveLength(10);
    const flat = await treeOf(lock, ['oci']);
    expect(flat.some(({ path }) => path.startsWith('registry/'))).toBe(false);
    expect(flat.map(({ path }) => path)).toContain('manifest.json');
  });

  it('is the same whatever the order of the images', async () => {
    const [a, b] = [await bench.resolve(one(small), 'a:1'), await bench.resolve(idx(small), 'b:1')];
    expect(await treeOf(bench.lock(a, b))).toEqual(await treeOf(bench.lock(b, a)));
  });

  it('refuses two images under one name, and accepts one image under it twice', async () => {
    const [a, b] = [
      await bench.resolve(one(small), 'a:1'),
      await bench.resolve(one({ ...small, seed: 'b' }), 'a:1'),
    ];
    expect(() => bench.lock(a, b)).toThrow(
      /two images would be stored as docker.io\/library\/a:1.*images\.txt:\d+.*images\.txt:\d+/,
    );
    expect(() => bench.lock(a, { ...a, ref: 'mirror.example/a:1' })).not.toThrow();
  });
});
