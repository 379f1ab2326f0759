import { describe, expect, it } from 'vitest';
import { OciSaveError } from '../../src/errors.ts';
import { MAX_CONFIG_BYTES, parseConfig } from '../../src/oci/config.ts';
import { type Digest, digestOf, shortDigest } from '../../src/oci/digest.ts';
import { parseManifest } from '../../src/oci/manifest.ts';
import { formatPlatform, parsePlatformChoice, type Platform } from '../../src/oci/platform.ts';
import type { ManifestTree } from '../../src/resolve/node.ts';
import { readTree, type TreeReader } from '../../src/resolve/tree.ts';
import { failureOf } from '../support/failure.ts';
import {
  AMD64,
  ARM64,
  att,
  buildImage,
  buildIndex,
  chart,
  filledLayer,
  one,
} from '../support/fixtures/index.ts';
import { type Image, imageOf, jsonBytes, topOf } from '../support/image.ts';

const small = { layerBytes: 100 };

interface Read {
  readonly tree: ManifestTree;
  readonly notes: readonly string[];
  /** What was read, and from what it says to embed, in the order of the questions. */
  readonly asked: readonly string[];
}

interface Reading {
  readonly platforms?: string;
  readonly onMissing?: 'fail' | 'warn';
  /** In place of the manifest of a child. */
  readonly child?: (digest: Digest) => Uint8Array | undefined;
}

/** Reads a tree out of an image in memory. */
async function read(
  image: Image,
  { platforms = 'all', onMissing = 'fail', child }: Reading = {},
): Promise<Read> {
  const notes: string[] = [];
  const asked: string[] = [];
  const served = (digest: Digest, other?: Uint8Array) => {
    const { bytes } = image.manifests.get(digest) ?? expect.fail(`nobody has ${digest}`);
    return { digest, bytes: other ?? bytes, manifest: parseManifest(bytes) };
  };
  const reader: TreeReader = {
    async manifest(digest) {
      asked.push(`manifest ${digest}`);
      return served(digest, child?.(digest));
    },
    async embedded(descriptors, from) {
      for (const { digest } of descriptors) asked.push(`embedded ${digest} in ${from}`);
    },
    async configPlatform(manifest) {
      return parseConfig(image.blobs.get(manifest.config.digest) ?? new Uint8Array(), manifest).platform;
    },
    note: (message) => void notes.push(message),
  };
  const wanted = { choice: parsePlatformChoice(platforms), onMissing };
  return { tree: await readTree(served(image.top), wanted, reader), notes, asked };
}

/** So many builds of Windows: each a child of its own, or all of one. */
const windows = (build: number): Platform => ({
  os: 'windows',
  architecture: 'amd64',
  osVersion: `10.0.${build}`,
});
const layers = [filledLayer('tree', 10)];
const many = (count: number, from = 0): Image =>
  buildIndex(
    Array.from({ length: count }, (_, at) => ({
      image: buildImage({ layers, manifest: { annotations: { at: String(from + at) } } }),
      platform: windows(from + at),
    })),
  );

describe('the limits of what an index may hold', () => {
  const unreasonable = { code: 'unsupported', message: 'its indexes hold more manifests than is reasonable' };
  const nestedIn = (indexes: number): Image =>
    Array.from({ length: indexes }).reduce<Image>((image) => buildIndex([{ image }]), one(small));

  it('are four indexes over an image, one within the other', async () => {
    expect((await read(nestedIn(4))).tree.nodes).toHaveLength(5);
    expect(await failureOf(read(nestedIn(5)))).toMatchObject({
      code: 'unsupported',
      message: expect.stringMatching(/^(its child .*: )*its indexes hold more manifests than is reasonable$/),
    });
  });

  it('are 5000 manifests, of which none is read where there are more', async () => {
    expect((await read(many(4999))).tree.nodes).toHaveLength(5000);
    let reads = 0;
    const child = () => void (reads += 1);
    expect(await failureOf(read(many(5000), { child }))).toMatchObject(unreasonable);
    expect(reads).toBe(0);
    // Only some of them are wanted.
    const some = await read(many(5000), { platforms: 'windows/amd64:10.0.7' });
    expect(some.tree.nodes).toHaveLength(2);
    // Those without a platform and those of indexes count, too.
    const bare = buildIndex(Array.from({ length: 5000 }, (_, at) => ({ image: many(1, at) })));
    expect(await failureOf(read(bare))).toMatchObject(unreasonable);
  });

  it('are 64 MiB of manifests', async () => {
    const bytes = new Uint8Array(8 * 1024 * 1024);
    const child = () => bytes;
    expect((await read(many(7), { child })).tree.nodes).toHaveLength(8);
    expect(await failureOf(read(many(8), { child }))).toMatchObject({ code: 'unsupported' });
  });
});

describe('a child that cannot be taken', () => {
  const index = buildIndex([
    { image: one(small), platform: AMD64 },
    { image: one({ ...small, seed: 'arm64', platform: ARM64 }), platform: ARM64 },
  ]);
  const { top } = one({ ...small, seed: 'arm64', platform: ARM64 });
  const fail = (code: 'unsupported' | 'network') => (digest: Digest) => {
    if (digest === top) throw new OciSaveError({ code, message: 'no manifest' });
    return undefined;
  };

  it('is named with its platform where its content is to blame', async () => {
    expect(await failureOf(read(index, { child: fail('unsupported') }))).toMatchObject({
      code: 'unsupported',
      message: `its child linux/arm64, ${shortDigest(top)}: no manifest`,
    });
    // Who does not want it does not read it.
    const { tree } = await read(index, { child: fail('unsupported'), platforms: 'linux/amd64' });
    expect(tree.top.absent).toBe(1);
  });

  it('is not blamed where it was not read', async () => {
    expect(await failureOf(read(index, { child: fail('network') }))).toMatchObject({
      code: 'network',
      message: 'no manifest',
    });
  });
});

describe('what an index offers', () => {
  it('is named in an error, up to 20 platforms', async () => {
    const named = Array.from({ length: 20 }, (_, at) => formatPlatform(windows(at))).join(', ');
    for (const [count, more] of [
      [20, ''],
      [23, ' and 3 more'],
    ] as const) {
      expect(await failureOf(read(many(count), { platforms: 'linux/amd64' }))).toMatchObject({
        code: 'not-found',
        message: `it has no linux/amd64; it has ${named}${more}`,
      });
    }
  });

  it('is told with what can be done: other platforms, and the rest where a part is there', async () => {
    const index = buildIndex([{ image: one(small), platform: AMD64 }]);
    const hintOf = async (platforms: string, onMissing: 'fail' | 'warn'): Promise<string> =>
      (await failureOf(read(index, { platforms, onMissing }))).hint ?? '';
    expect(await hintOf('linux/amd64,linux/arm64', 'fail')).toMatch(
      /'--platform=linux\/amd64 …' in the list\. Or save those that it has: --on-missing-platform warn\.$/,
    );
    for (const onMissing of ['fail', 'warn'] as const)
      expect(await hintOf('linux/arm64', onMissing)).toMatch(/'--platform=linux\/amd64 …' in the list\.$/);
    const { tree } = await read(index, { platforms: 'linux/amd64,linux/arm64', onMissing: 'warn' });
    expect(tree.nodes).toHaveLength(2);
  });

  it('does not count where it lists no platform: artifacts, attestations, nothing', async () => {
    const platforms = 'linux/amd64';
    const artifacts = await read(buildIndex([{ image: chart() }]), { platforms });
    expect(artifacts.tree.nodes).toHaveLength(2);
    expect(artifacts.notes).toEqual([]);
    const bytes = jsonBytes({ schemaVersion: 2, manifests: [] });
    const empty = await read(imageOf({ mediaType: '', bytes }, []), { platforms });
    expect(empty.notes).toEqual(['its index lists nothing']);
    const [attestation] = [...att(small).manifests].filter(([, manifest]) =>
      new TextDecoder().decode(manifest.bytes).includes('in-toto'),
    );
    const image = { ...att(small), top: attestation?.[0] ?? expect.fail() };
    const alone = buildIndex([{ image, platform: { os: 'unknown', architecture: 'unknown' } }]);
    const none = await read(alone, { platforms });
    expect([none.notes, none.tree.top.absent]).toEqual([['its index lists nothing'], 1]);
    expect((await read(alone)).tree.nodes).toHaveLength(2);
  });

  it('is nothing of an index within it from which nothing is taken', async () => {
    const inner = buildIndex([{ image: one({ ...small, platform: ARM64 }), platform: ARM64 }]);
    const index = buildIndex([{ image: inner }, { image: one(small), platform: AMD64 }]);
    const { tree } = await read(index, { platforms: 'linux/amd64' });
    expect(tree.nodes.map(({ digest }) => digest)).toEqual([index.top, one(small).top]);
    expect(tree.top.absent).toBe(1);
  });
});

describe('the config of an image', () => {
  const withConfig = (size: number, fields: object = {}): Image => {
    const { config } = JSON.parse(new TextDecoder().decode(topOf(one(small)).bytes));
    const made = buildImage({
      layers: [filledLayer('one', 100)],
      manifest: { config: { ...config, size }, ...fields },
    });
    return { ...made, blobs: new Map([...made.blobs, ...one(small).blobs]) };
  };

  it('may have 8 MiB; of an artifact any size', async () => {
    expect((await read(withConfig(MAX_CONFIG_BYTES))).tree.nodes).toHaveLength(1);
    const { message } = await failureOf(read(withConfig(MAX_CONFIG_BYTES + 1)));
    expect(message).toMatch(
      /^its config, sha256:\w{12}, has 8388609 bytes; no image config has more than 8388608$/,
    );
    const artifact = withConfig(MAX_CONFIG_BYTES + 1, { artifactType: 'application/x' });
    expect((await read(artifact)).tree.top.platforms).toEqual([]);
  });
});

describe('what manifests embed', () => {
  it('is asked for before what it stands for is read', async () => {
    const image = one(small);
    const index = buildIndex([{ image, platform: AMD64 }]);
    const { config, layers } = JSON.parse(new TextDecoder().decode(topOf(image).bytes));
    const { asked } = await read(index);
    expect(asked).toEqual([
      `embedded ${image.top} in ${index.top}`,
      `manifest ${image.top}`,
      `embedded ${config.digest} in ${image.top}`,
      `embedded ${layers[0].digest} in ${image.top}`,
    ]);
    expect(digestOf(topOf(image).bytes)).toBe(image.top);
  });
});
