import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { save } from '../../src/commands/save/save.ts';
import { digestOf, hexOf } from '../../src/oci/digest.ts';
import { OCI_MANIFEST } from '../../src/oci/media-type.ts';
import { parseImageManifest } from '../../src/oci/manifest.ts';
import { parseOptions } from '../../src/options/index.ts';
import type { RunReport } from '../../src/report/index.ts';
import {
  busybox,
  dockerArchive,
  type LayerEntry,
  one,
  tarOf,
  writeOciLayout,
} from '../support/fixtures/index.ts';
import { jsonBytes, topOf } from '../support/image.ts';
import { tempFolder, type TempFolder } from '../support/temp.ts';
import { checkBundle } from '../support/whole-bundle.ts';

let temp: TempFolder;
let runs = 0;
beforeAll(async () => {
  temp = await tempFolder('odd-archive');
  await writeFile(path.join(temp.path, 'good.tar'), dockerArchive([saved]));
});
afterAll(() => temp.close());

const saved = busybox({ layerBytes: 200 });

/** Saves an archive of these bytes beside a good one. */
async function saveArchive(bytes: Uint8Array, reference = '', platforms = 'linux/amd64'): Promise<RunReport> {
  runs += 1;
  const file = path.join(temp.path, `odd-${runs}.tar`);
  await writeFile(file, bytes);
  const options = parseOptions({
    images: [
      `docker-archive:${file}${reference} => x.example/odd:1`,
      `docker-archive:${path.join(temp.path, 'good.tar')} => x.example/good:1`,
    ],
    platforms,
    output: path.join(temp.path, `bundle-${runs}`),
    cacheDir: path.join(temp.path, 'store'),
    onError: 'warn',
    retries: 0,
  });
  const { report } = await save(options, { env: process.env, emit: () => {} });
  return report;
}

/** The files of `docker save`, with other names; with `hardLink` the layer is a second name of another file. */
function archiveOf({ prefix = '', named = '', hardLink = false }): Uint8Array {
  const manifest = parseImageManifest(topOf(saved.image).bytes);
  const tar = dockerArchive([saved]);
  const layer = layerIn(tar);
  const config = `${hexOf(manifest.config.digest)}.json`;
  const inside = [{ Config: `${named}${config}`, RepoTags: saved.tags, Layers: [`${named}layer.tar`] }];
  const entries: LayerEntry[] = [
    { path: `${prefix}manifest.json`, bytes: jsonBytes(inside) },
    { path: `${prefix}${config}`, bytes: saved.image.blobs.get(manifest.config.digest) ?? '' },
    ...(hardLink
      ? [
          { path: `${prefix}other.tar`, bytes: layer },
          { path: `${prefix}layer.tar`, hardlink: `${prefix}other.tar` },
        ]
      : [{ path: `${prefix}layer.tar`, bytes: layer }]),
  ];
  return tarOf(prefix === './' ? [{ path: './', folder: true }, ...entries] : entries);
}

/** The layer of an archive of one image: its second entry. */
function layerIn(tar: Uint8Array): Uint8Array {
  const sizeAt = (at: number): number =>
    Number.parseInt(Buffer.from(tar.subarray(at + 124, at + 135)).toString(), 8);
  const second = 512 + Math.ceil(sizeAt(0) / 512) * 512;
  return tar.subarray(second + 512, second + 512 + sizeAt(second));
}

const whole = (): Uint8Array => dockerArchive([saved]);

describe('an image of a docker archive', () => {
  it('has the ID and the uncompressed layers of the archive in the lock, and all of its blobs', async () => {
    const file = path.join(temp.path, 'good.tar');
    const options = parseOptions({
      images: [`docker-archive:${file}:busybox:latest`],
      platforms: 'linux/amd64',
      output: path.join(temp.path, 'bundle-good'),
      cacheDir: path.join(temp.path, 'store-good'),
    });
    const { report, lock } = await save(options, { env: process.env, emit: () => {} });
    expect(report).toMatchObject({ outcome: 'done', failed: [] });
    const config = parseImageManifest(topOf(saved.image).bytes).config.digest;
    const tar = layerIn(whole());
    const [image] = lock.images;
    expect(image).toMatchObject({
      ref: 'docker.io/library/busybox:latest',
      names: ['docker.io/library/busybox:latest'],
      source: 'docker-archive',
      mediaType: OCI_MANIFEST,
      root: image?.digest,
      converted: {},
      imageId: config,
      diffIds: [digestOf(tar)],
      platforms: ['linux/amd64'],
      leaves: [{ platform: 'linux/amd64', config }],
    });
    expect(report.images[0]?.notes).toEqual([
      expect.stringMatching(/^converted from a docker archive by skopeo \d/),
    ]);
    expect(Object.keys(lock.blobs)).toHaveLength(3);
    await checkBundle(path.join(temp.path, 'bundle-good'));
  });

  it('of another platform than was wanted fails', async () => {
    const { failed } = await saveArchive(whole(), '', 'linux/arm64');
    expect(failed.map(({ class: code, message }) => [code, message])).toEqual(
      [1, 2].map(() => ['not-found', 'it has no linux/arm64; it has linux/amd64']),
    );
  });
});

describe('a docker archive of an odd form', () => {
  it.each([
    ['found D5: its entries begin with ./', archiveOf({ prefix: './' })],
    ['found D5: so do the names in its manifest.json', archiveOf({ prefix: './', named: './' })],
    ['its manifest.json alone has them', archiveOf({ named: './' })],
    ['other bytes follow its end', Buffer.concat([whole(), Buffer.alloc(700, 'x')])],
  ])('is read: %s', async (_, bytes) => {
    const { images, failed } = await saveArchive(bytes);
    expect(failed).toEqual([]);
    const [good, odd] = images;
    expect(odd?.digest).toBe(good?.digest);
  });

  it.each<[string, Uint8Array, string, string?]>([
    [
      'its files are in a folder',
      archiveOf({ prefix: 'top/' }),
      'it has no manifest.json, so it is no docker archive',
    ],
    ['it is empty', new Uint8Array(), 'it has no manifest.json, so it is no docker archive'],
    [
      'it ends in mid-file',
      whole().subarray(0, 700),
      'it is cut off, or no tar, or compressed so that this skopeo cannot read it',
    ],
    [
      'it is text',
      Buffer.from('not a tar\n'.repeat(100)),
      'it is cut off, or no tar, or compressed so that this skopeo cannot read it',
    ],
    [
      'a layer is a hard link',
      archiveOf({ hardLink: true }),
      'a layer in it is damaged, or a hard link to another file in it',
    ],
    ['it holds no image', dockerArchive([]), 'it holds no image'],
    [
      'it holds several images',
      dockerArchive([saved, { image: one({ layerBytes: 100 }), tags: ['one:1'] }]),
      'it holds several images',
    ],
    [
      'its manifest.json is no JSON',
      tarOf([{ path: 'manifest.json', bytes: '{"a' }]),
      'its manifest.json is not JSON',
    ],
    [
      'a layer is missing',
      tarOf([
        {
          path: 'manifest.json',
          bytes: jsonBytes([{ Config: 'c.json', RepoTags: null, Layers: ['gone.tar'] }]),
        },
        {
          path: 'c.json',
          bytes: jsonBytes({ rootfs: { type: 'layers', diff_ids: [`sha256:${'a'.repeat(64)}`] } }),
        },
      ]),
      'it lacks layers that its manifest.json names',
    ],
  ])('fails alone, and nobody is sent to the network: %s', async (_, bytes, sentence) => {
    const { images, failed } = await saveArchive(bytes);
    expect(images.map(({ names }) => names)).toEqual([['x.example/good:1']]);
    const [odd, ...others] = failed;
    expect([odd?.class, others]).toEqual(['unsupported', []]);
    expect(odd?.message).toMatch(new RegExp(`^docker-archive:\\S+: ${sentence}$`));
    expect(odd?.hint).not.toMatch(/network|connection|proxy|Run it again/);
  });

  it('S2: without the image that is named fails as not-found, and names those that it has', async () => {
    const { failed } = await saveArchive(whole(), ':other:1');
    expect(failed).toMatchObject([
      {
        class: 'not-found',
        message: expect.stringContaining('other:1'),
        hint: 'Name one of: busybox:latest.',
      },
    ]);
  });

  it('S2: with several images needs a name, and lists them; each is saved by its name', async () => {
    const several = dockerArchive([saved, { image: one({ layerBytes: 100 }), tags: ['one:1', 'one:2'] }]);
    const { failed } = await saveArchive(several);
    expect(failed).toMatchObject([{ hint: 'Name one of: busybox:latest, one:1, one:2.' }]);
    for (const name of ['busybox:latest', 'one:2'])
      expect((await saveArchive(several, `:${name}`)).failed).toEqual([]);
  });
});

it('found D2: a layout that names its image by a sha512 digest says so', async () => {
  const layout = path.join(temp.path, 'layout');
  await writeOciLayout(layout, []);
  const entry = { mediaType: OCI_MANIFEST, digest: `sha512:${'0'.repeat(128)}`, size: 3 };
  await writeFile(path.join(layout, 'index.json'), jsonBytes({ schemaVersion: 2, manifests: [entry] }));
  const options = parseOptions({
    images: [`oci:${layout} => x.example/odd:1`],
    output: path.join(temp.path, 'never'),
    cacheDir: path.join(temp.path, 'store'),
  });
  const { report } = await save(options, { env: {}, emit: () => {} });
  expect(report.failed.map(({ message }) => message)).toEqual([
    `the layout ${layout} holds 0 images; what it lists is not valid: digest is a sha512 digest, and only sha256 is supported (child 1)`,
  ]);
});
