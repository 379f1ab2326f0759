import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { DOCKER_LIST, OCI_INDEX, OCI_MANIFEST } from '../../src/oci/media-type.ts';
import { type LockedImage, taggedDigest, taggedMediaType } from '../../src/lock/index.ts';
import {
  AMD64,
  ARM64,
  ARM_V7,
  att,
  buildImage,
  buildIndex,
  chart,
  d2,
  dlist,
  filledLayer,
  idx,
  nested,
  one,
  windows,
} from '../support/fixtures/index.ts';
import type { Image } from '../support/image.ts';
import { levels } from '../support/odd/savable.ts';
import { lockedImageOf } from '../../src/resolve/index.ts';
import { type Resolving, startResolving } from './resolving.ts';

const small = { layerBytes: 100 };
let bench: Resolving;
beforeAll(async () => {
  bench = await startResolving();
});
afterAll(() => bench.close());

const bytesIn = async (digest: `sha256:${string}`): Promise<string> =>
  new TextDecoder().decode(await bench.store.read(digest, 1e6));

describe('resolving an image', () => {
  const whole: [string, Image][] = [
    ['an OCI image', one(small)],
    ['a Docker image', d2(small)],
    ['an index', idx(small)],
    ['a Docker list', dlist(small)],
    ['a nested index', nested(small)],
    ['an index with attestations', att(small)],
  ];
  it.each(whole)('keeps the digest and the bytes of %s', async (_, image) => {
    const { sizes, ...locked } = await bench.resolve(image, 'docker.io/library/x:1');
    expect([locked.digest, locked.root]).toEqual([image.top, image.top]);
    for (const digest of [...image.manifests.keys(), ...image.blobs.keys()])
      expect(sizes.has(digest)).toBe(true);
    for (const [digest, { bytes }] of image.manifests)
      expect(await bytesIn(digest)).toBe(new TextDecoder().decode(bytes));
  });

  it('takes the wanted platform, and gives readers without sparse indexes the leaf', async () => {
    const image = await bench.resolve(idx(small), 'x:1', { platforms: 'linux/arm64' });
    expect(image.digest).toBe(idx(small).top);
    expect(image.leaves).toHaveLength(1);
    expect(image.root).toBe(image.leaves[0]?.digest);
    expect(image.platforms).toEqual(['linux/arm64']);
  });

  it('gives them a narrowed index of several platforms: the same JSON, fewer manifests', async () => {
    const image = await bench.resolve(idx(small), 'x:1', { platforms: 'linux/amd64,linux/arm/v7' });
    const [original, narrowed] = [
      JSON.parse(await bytesIn(image.digest)),
      JSON.parse(await bytesIn(image.root)),
    ];
    expect(narrowed.manifests).toEqual([original.manifests[0], original.manifests[2]]);
    expect(Object.keys(narrowed)).toEqual(Object.keys(original));
    expect(image.rootMediaType).toBe(OCI_INDEX);
  });

  it('narrows an index inside an index, and names it by its new digest', async () => {
    const image = await bench.resolve(nested(small), 'x:1', { platforms: 'linux/amd64,linux/arm64' });
    const narrowed = JSON.parse(await bytesIn(image.root));
    const inner = JSON.parse(await bytesIn(narrowed.manifests[1].digest));
    expect(inner.manifests).toHaveLength(1);
    expect(narrowed.manifests[1].size).toBe((await bytesIn(narrowed.manifests[1].digest)).length);
  });

  it('holds nothing of the original index where everything is narrowed', async () => {
    const image = await bench.resolve(idx(small), 'x:1', {
      platforms: 'linux/amd64',
      index: 'narrow',
    });
    expect([image.digest, image.index, taggedDigest(image)]).toEqual([idx(small).top, 'narrow', image.root]);
    expect(image.sizes.has(idx(small).top)).toBe(false);
  });

  it('lets attestations travel with the leaf that they name, and never counts them as platforms', async () => {
    const image = await bench.resolve(att(small), 'x:1', { platforms: 'linux/amd64' });
    expect(image.platforms).toEqual(['linux/amd64']);
    const [leaf] = image.leaves.filter(({ attests }) => attests === undefined);
    const attestations = image.leaves.filter(({ attests }) => attests !== undefined);
    expect(attestations.map(({ attests }) => attests)).toEqual([leaf?.digest]);
    expect(image.root).toBe(leaf?.digest);
  });

  it('says which platforms there are where a wanted one is missing', async () => {
    const missing = bench.resolve(idx(small), 'x:1', { platforms: 'linux/amd64,linux/s390x' });
    await expect(missing).rejects.toMatchObject({
      code: 'not-found',
      message: 'it has no linux/s390x; it has linux/amd64, linux/arm64, linux/arm/v7',
    });
  });

  it('reads the config of an image without an index: the wrong architecture is an error', async () => {
    const image = one({ ...small, platform: ARM64 });
    await expect(bench.resolve(image, 'x:1', { platforms: 'linux/amd64' })).rejects.toMatchObject({
      message: 'it has no linux/amd64; it has linux/arm64',
      hint: expect.stringContaining('--platform=linux/arm64'),
    });
  });

  it('takes every build of Windows, or the one that is named', async () => {
    const all = await bench.resolve(windows(small), 'x:1', { platforms: 'windows/amd64' });
    expect(all.leaves).toHaveLength(2);
    const single = await bench.resolve(windows(small), 'x:1', { platforms: 'windows/amd64:10.0.17763' });
    expect(single.platforms).toEqual(['windows/amd64:10.0.17763.5696']);
  });

  it.each([
    [
      'variants of amd64',
      'linux/amd64',
      [undefined, 'v1', 'v2', 'v3'].map((variant) => ({ ...AMD64, variant })),
      'it also has linux/amd64/v2, linux/amd64/v3, not among the wanted platforms',
    ],
    [
      'an older arm where the wanted one is there',
      'linux/arm/v7,linux/amd64',
      [AMD64, ARM_V7, { ...ARM_V7, variant: 'v6' }, { os: 'windows', architecture: 'arm', variant: 'v5' }],
      'it also has linux/arm/v6, not among the wanted platforms',
    ],
    [
      'other builds of Windows',
      'windows/amd64:10.0.17763',
      ['10.0.17763.1', '10.0.20348.1'].map((osVersion) => ({
        os: 'windows',
        architecture: 'amd64',
        osVersion,
      })),
      'it also has windows/amd64:10.0.20348.1, not among the wanted platforms',
    ],
    ['both children of arm64', 'linux/arm64', [ARM64, { ...ARM64, variant: undefined }], undefined],
    ['every child', 'all', [AMD64, { ...AMD64, variant: 'v3' }], undefined],
  ])('names the siblings of a wanted platform that it leaves out: %s', async (_, wanted, offered, note) => {
    const children = offered.map((platform, at) => ({
      image: one({ ...small, seed: `sibling-${at}`, platform }),
      platform,
    }));
    const image = await bench.resolve(buildIndex(children), 'x:1', { platforms: wanted });
    expect(image.notes).toEqual(note === undefined ? [] : [note]);
    // The same where the index has no platforms, and the configs tell them.
    const bare = children.map((child) => ({ image: child.image }));
    const configured = await bench.resolve(buildIndex(bare), 'x:1', { platforms: wanted });
    expect(configured.notes).toEqual(image.notes);
  });

  it('names the sibling that stands where a wanted platform is missing', async () => {
    const image = await bench.resolve(idx(small), 'x:1', {
      platforms: 'linux/amd64,linux/arm/v6',
      onMissingPlatform: 'warn',
    });
    expect(image.platforms).toEqual(['linux/amd64']);
    expect(image.notes).toEqual(['it also has linux/arm/v7, not among the wanted platforms']);
  });

  it.each([
    ['linux/amd64', [undefined]],
    ['linux/amd64/v1', [undefined]],
    ['linux/amd64/v3', ['v3']],
    ['linux/amd64,linux/amd64/v2', [undefined, 'v2']],
    ['all', [undefined, 'v2', 'v3']],
  ])(
    'takes of the levels of amd64 the one that is wanted, no higher and no lower one: %s',
    async (platforms, taken) => {
      const image = await bench.resolve(levels(undefined, 'v2', 'v3'), 'x:1', { platforms });
      expect(image.platforms).toEqual(
        taken.map((level) => `linux/amd64${level === undefined ? '' : `/${level}`}`),
      );
      expect(image.leaves).toHaveLength(taken.length);
    },
  );

  it('says which levels of amd64 there are where the wanted one is missing', async () => {
    await expect(
      bench.resolve(levels('v2', 'v3'), 'x:1', { platforms: 'linux/amd64' }),
    ).rejects.toMatchObject({
      code: 'not-found',
      message: 'it has no linux/amd64; it has linux/amd64/v2, linux/amd64/v3',
      hint: expect.stringContaining('--platform=linux/amd64/v2'),
    });
    await expect(
      bench.resolve(levels(undefined), 'x:1', { platforms: 'linux/amd64/v3' }),
    ).rejects.toMatchObject({
      message: 'it has no linux/amd64/v3; it has linux/amd64',
    });
  });

  it('applies no platform to an artifact', async () => {
    const artifact = await bench.resolve(chart(), 'x:1', { platforms: 'linux/s390x' });
    expect(artifact.leaves[0]).not.toHaveProperty('platform');
    // Under an index it has the platform that the index says, and none in the lock.
    const index = buildIndex([
      { image: chart(), platform: ARM64 },
      { image: one(small), platform: AMD64 },
    ]);
    const listed = await bench.resolve(index, 'x:1', { platforms: 'linux/arm64' });
    expect(listed.leaves.map(({ digest, platform }) => [digest, platform])).toEqual([
      [chart().top, undefined],
    ]);
  });
});

describe('an index that lists one child several times', () => {
  const child = one({ ...small, seed: 'fat' });
  const other = one({ ...small, seed: 'other', platform: ARM_V7 });
  const twice = buildIndex([
    { image: child, platform: ARM64 },
    { image: other, platform: ARM_V7 },
    { image: child, platform: AMD64 },
  ]);
  const entriesOf = async (digest: `sha256:${string}`): Promise<unknown[]> =>
    JSON.parse(await bytesIn(digest)).manifests;
  const leavesOf = ({ leaves }: LockedImage): [string, string | undefined][] =>
    leaves.map(({ digest, platform }) => [digest, platform]);

  it('found A9: satisfies each platform, and has all of them in the lock', async () => {
    const image = await bench.resolve(twice, 'x:1', { platforms: 'linux/amd64,linux/arm64' });
    expect(image.platforms).toEqual(['linux/amd64', 'linux/arm64']);
    expect(leavesOf(image)).toEqual([
      [child.top, 'linux/arm64'],
      [child.top, 'linux/amd64'],
    ]);
    const [arm64, , amd64] = await entriesOf(twice.top);
    expect(await entriesOf(image.root)).toEqual([arm64, amd64]);
    const all = await bench.resolve(twice, 'x:1');
    expect(all.root).toBe(twice.top);
    expect(all.platforms).toEqual(['linux/amd64', 'linux/arm/v7', 'linux/arm64']);
  });

  it('refuses more layers than is reasonable, each as often as its child is listed', async () => {
    const layers = Array.from({ length: 500 }, (_, at) => filledLayer(`layer-${at}`, 10));
    const wide = buildImage({ layers });
    const builds = Array.from({ length: 450 }, (_, at) => ({
      image: wide,
      platform: { architecture: 'amd64', os: 'windows', osVersion: `10.0.${at}` },
    }));
    await expect(bench.resolve(buildIndex(builds), 'x:1')).rejects.toMatchObject({
      code: 'unsupported',
      message: 'its platforms list 225450 layers: 200000 are the limit',
    });
  });

  it('counts layers for each platform and each attestation, an image without either as one', async () => {
    const layers = Array.from({ length: 499 }, (_, at) => filledLayer(`layer-${at}`, 10));
    const wide = buildImage({ layers });
    const listed = (count: number, attests: boolean) =>
      Array.from({ length: count }, (_, at) => ({
        image: wide,
        platform: attests
          ? { architecture: 'unknown', os: 'unknown' }
          : { architecture: 'amd64', os: 'windows', osVersion: `10.0.${at}` },
        ...(attests
          ? { annotations: { 'vnd.docker.reference.digest': `sha256:${String(at).padStart(64, '0')}` } }
          : {}),
      }));
    const whole = await bench.resolve(buildIndex(listed(400, false)), 'x:1');
    expect(whole.leaves).toHaveLength(400);
    for (const attests of [false, true]) {
      await expect(bench.resolve(buildIndex(listed(401, attests)), 'x:1')).rejects.toMatchObject({
        message: 'its platforms list 200500 layers: 200000 are the limit',
      });
    }
  });

  it('is refused where the lock would have more leaves than its readers take', async () => {
    const builds = Array.from({ length: 5001 }, (_, at) => ({
      image: child,
      platform: { architecture: 'amd64', os: 'windows', osVersion: `10.0.${at}` },
    }));
    await expect(bench.resolve(buildIndex(builds), 'x:1')).rejects.toMatchObject({
      code: 'unsupported',
      message: 'no lock can hold it: its platforms is not valid',
    });
  });

  it('takes the child with all of its entries where one of its platforms is wanted', async () => {
    const [few, both] = await Promise.all(
      ['linux/amd64', 'linux/amd64,linux/arm64'].map((platforms) =>
        bench.resolve(twice, 'x:1', { platforms }),
      ),
    );
    expect(few && lockedImageOf(few)).toEqual(both && lockedImageOf(both));
  });

  it('counts entries that differ in their annotations alone as one', async () => {
    const index = buildIndex([
      { image: child, platform: AMD64, annotations: { a: '1' } },
      { image: child, platform: AMD64, annotations: { a: '2' } },
      { image: other, platform: ARM_V7 },
    ]);
    const narrowed = await bench.resolve(index, 'x:1', { platforms: 'linux/amd64' });
    expect(leavesOf(narrowed)).toEqual([[child.top, 'linux/amd64']]);
    expect(narrowed.root).toBe(child.top);
    const both = await bench.resolve(index, 'x:1', { platforms: 'linux/amd64,linux/arm/v7' });
    expect(both.root).toBe(index.top);
  });

  it('finds it for another platform in an index below', async () => {
    const below = buildIndex([
      { image: other, platform: ARM_V7 },
      { image: child, platform: ARM64 },
    ]);
    const index = buildIndex([{ image: child, platform: AMD64 }, { image: below }]);
    const image = await bench.resolve(index, 'x:1', { platforms: 'linux/amd64,linux/arm64' });
    expect(leavesOf(image)).toEqual([
      [child.top, 'linux/amd64'],
      [child.top, 'linux/arm64'],
    ]);
    const entries = await entriesOf(image.root);
    expect(entries).toHaveLength(2);
  });
});

describe('converting to OCI', () => {
  it('renames media types, keeps every layer, and maps old digests to new', async () => {
    const list = dlist(small);
    const image = await bench.resolve(list, 'x:1', { format: 'oci' });
    const [tagged, type] = [taggedDigest(image), taggedMediaType(image)];
    expect([image.digest, image.mediaType, type]).toEqual([list.top, DOCKER_LIST, OCI_INDEX]);
    expect(image.converted?.[list.top]).toBe(tagged);
    expect(Object.keys(image.converted ?? {})).toHaveLength(3);
    expect(image.leaves.every(({ mediaType }) => mediaType === OCI_MANIFEST)).toBe(true);
    for (const digest of list.blobs.keys()) expect(image.sizes.has(digest)).toBe(true);
    const index = JSON.parse(await bytesIn(tagged));
    for (const child of index.manifests)
      expect(digestOf(new TextEncoder().encode(await bytesIn(child.digest)))).toBe(child.digest);
  });

  it('leaves what is OCI already as it is', async () => {
    const image = await bench.resolve(idx(small), 'x:1', { format: 'oci' });
    expect(image.digest).toBe(idx(small).top);
    expect(image.converted).toBeUndefined();
  });

  it('keeps Docker types unless it is asked', async () => {
    const image = await bench.resolve(dlist(small), 'x:1');
    expect(image.mediaType).toBe(DOCKER_LIST);
  });
});
