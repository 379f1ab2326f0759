import { gunzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { unpackTar } from 'modern-tar';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/oci/config.ts';
import { isAttestation, platformOf } from '../../src/oci/descriptor.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { parseManifest } from '../../src/oci/manifest.ts';
import { formatPlatform } from '../../src/oci/platform.ts';
import * as fixtures from './fixtures/index.ts';
import { type Image, topOf } from './image.ts';

const small = { layerBytes: 1000, ownBytes: 1000 };

const make: Record<string, () => Image> = {
  one: () => fixtures.one(small),
  d2: () => fixtures.d2(small),
  zst: () => fixtures.zst(small),
  idx: () => fixtures.idx(small),
  dlist: () => fixtures.dlist(small),
  nested: () => fixtures.nested(small),
  windows: () => fixtures.windows(small),
  att: () => fixtures.att(small),
  shared1: () => fixtures.shared1(small),
  shared2: () => fixtures.shared2(small),
  digestOnly: () => fixtures.digestOnly(small),
  chart: fixtures.chart,
  emptyConfigArtifact: fixtures.emptyConfigArtifact,
  signature: () => fixtures.ref(small).signature,
  cosign: () => fixtures.cosignSignature(fixtures.one(small)).image,
  foreign: () => fixtures.foreign({ ...small, urls: ['http://127.0.0.1:1/layer'], held: true }).image,
  uncompressed: () => fixtures.uncompressed(small),
  withoutMediaType: () => fixtures.withoutMediaType(small),
  dockerZstd: () => fixtures.dockerZstd(small),
};

describe.each(Object.entries(make))('fixture %s', (_, fixture) => {
  const image = fixture();

  it('has the same bytes in every build', () => {
    expect(fixture()).toEqual(image);
  });

  it('holds the bytes of each digest, and everything that its manifests name', () => {
    for (const [digest, { bytes }] of image.manifests) {
      expect(digestOf(bytes)).toBe(digest);
      const manifest = parseManifest(bytes);
      const named = manifest.kind === 'index' ? manifest.manifests : [manifest.config, ...manifest.layers];
      for (const { digest, size } of named) {
        expect((image.blobs.get(digest) ?? image.manifests.get(digest)?.bytes)?.length).toBe(size);
      }
    }
    for (const [digest, bytes] of image.blobs) expect(digestOf(bytes)).toBe(digest);
  });
});

describe('the image fixtures', () => {
  it('have a layer over 1 MiB, with the diff id of its tar in the config', () => {
    const image = fixtures.one();
    const manifest = parseManifest(topOf(image).bytes);
    if (manifest.kind === 'index') throw new Error('one is no index');
    const [layer] = manifest.layers;
    expect(layer?.size).toBeGreaterThan(1024 * 1024);
    const config = parseConfig(image.blobs.get(manifest.config.digest) ?? new Uint8Array(), manifest);
    const tar = gunzipSync(image.blobs.get(layer?.digest ?? manifest.config.digest) ?? new Uint8Array());
    expect(config.diffIds).toEqual([digestOf(tar)]);
    expect(formatPlatform(config.platform)).toBe('linux/amd64');
  });

  it('depend on size and seed', () => {
    expect(fixtures.one({ seed: 'moved' }).top).not.toBe(fixtures.one().top);
    expect([...fixtures.one(small).blobs.values()].every(({ length }) => length < 3000)).toBe(true);
  });

  it('share their common layer', () => {
    const first = fixtures.shared1(small);
    const common = [...fixtures.shared2(small).blobs.keys()].filter((digest) => first.blobs.has(digest));
    expect(common).toHaveLength(1);
  });

  it('name their platforms in the index, and attestations as BuildKit does', () => {
    const index = parseManifest(topOf(fixtures.att(small)).bytes);
    if (index.kind !== 'index') throw new Error('att is an index');
    expect(index.manifests.map(isAttestation)).toEqual([false, false, true, true]);
    const windows = parseManifest(topOf(fixtures.windows(small)).bytes);
    if (windows.kind !== 'index') throw new Error('windows is an index');
    expect(windows.manifests.map((child) => platformOf(child)?.osVersion)).toEqual([
      '10.0.17763.5696',
      '10.0.20348.2402',
    ]);
  });

  it('name their subject', () => {
    const { subject, signature, sbom } = fixtures.ref(small);
    for (const referrer of [signature, sbom]) {
      expect(parseManifest(topOf(referrer).bytes).subject?.digest).toBe(subject.top);
    }
  });
});

describe('tarOf', () => {
  const component = fc.stringMatching(/^[a-z][a-z0-9._-]{0,60}$/);
  const file = fc.tuple(
    fc.array(component, { minLength: 1, maxLength: 4 }),
    fc.uint8Array({ maxLength: 1500 }),
  );

  it('writes archives that another library reads', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(file, { maxLength: 5 }), async (files) => {
        const entries = files
          .map(([path, bytes]) => ({ path: path.join('/'), bytes }))
          .filter(({ path }) => path.length < 200);
        const read = await unpackTar(fixtures.tarOf(entries), { strict: true });
        expect(read.map(({ header, data }) => [header.name, Buffer.from(data ?? [])])).toEqual(
          entries.map(({ path, bytes }) => [path, Buffer.from(bytes)]),
        );
      }),
      { numRuns: 50 },
    );
  });

  it('keeps the kinds of entries and the modes', async () => {
    const tar = fixtures.tarOf([
      { path: 'bin/', folder: true, mode: 0o711 },
      { path: 'bin/tool', bytes: 'x', mode: 0o4755 },
      { path: 'bin/link', symlink: 'tool' },
      { path: 'bin/twin', hardlink: 'bin/tool' },
    ]);
    const read = await unpackTar(tar, { strict: true });
    expect(read.map(({ header: { type, mode, linkname } }) => [type, mode, linkname ?? ''])).toEqual([
      ['directory', 0o711, ''],
      ['file', 0o4755, ''],
      ['symlink', 0o777, 'tool'],
      ['link', 0o644, 'bin/tool'],
    ]);
  });
});
