import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { saveImages, type SaveImagesOptions } from '../../src/api.ts';
import { type BadRegistry, startBadRegistry } from '../support/bad-registry.ts';
import {
  AMD64,
  ARM64,
  ARM_V7,
  att,
  d2,
  emptyConfigArtifact,
  type FixtureOptions,
  one,
} from '../support/fixtures/index.ts';
import { type ForwardProxy, startForwardProxy } from '../support/forward-proxy.ts';
import type { Image } from '../support/image.ts';
import { tempFolder, type TempFolder } from '../support/temp.ts';
import { namesIn } from '../support/whole-bundle.ts';

/** Without a compressor, whose bytes another release of Node may change. */
const PLAIN: FixtureOptions = { layerBytes: 3000, compression: 'none' };
const HOST = 'registry.example';
const IMAGES: Readonly<Record<string, Image>> = {
  'acme/app:1': one(PLAIN),
  'acme/docker:1': d2(PLAIN),
  'acme/multi:2.0': att({ ...PLAIN, platforms: [AMD64, ARM64, ARM_V7] }),
  'acme/policy:1': emptyConfigArtifact(),
};
const nameOf = (name: string): string => `${HOST}/${name}`;
const multiDigest = IMAGES['acme/multi:2.0']?.top;

let registry: BadRegistry;
let proxy: ForwardProxy;
let temp: TempFolder;
beforeAll(async () => {
  registry = await startBadRegistry({ images: IMAGES });
  // The host's name is part of the bytes, so it must not have a port that differs from run to run.
  proxy = await startForwardProxy(registry.host);
  temp = await tempFolder('golden');
});
afterAll(async () => {
  await temp.close();
  await proxy.close();
  await registry.close();
});

/** The sums of everything that a save writes: each file of the bundle, and what stands beside it but the report. */
async function sumsOfSave(
  name: string,
  images: readonly string[],
  platform: string,
  options: SaveImagesOptions,
): Promise<string> {
  const folder = path.join(temp.path, name);
  const url = `http://${proxy.host}`;
  await saveImages(images, path.join(folder, 'bundle'), platform, {
    layout: ['oci', 'zot'],
    naming: ['keep-domain'],
    archive: 'tar',
    copier: 'direct',
    insecureRegistries: [HOST],
    env: { HOME: temp.path, PATH: '', HTTP_PROXY: url, HTTPS_PROXY: url },
    retries: 0,
    ...options,
  });
  const beside = (await namesIn(folder)).filter((file) => !/^bundle$|\.report\.json$/.test(file));
  const sums = [...beside, 'bundle/SHA256SUMS'].map(
    async (file) => `${await sha256Of(path.join(folder, file))}  ${file}\n`,
  );
  return `${(await Promise.all(sums)).join('')}\n${await readFile(path.join(folder, 'bundle/SHA256SUMS'), 'utf8')}`;
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

/**
 * A change of one byte in what a save writes fails here. Where the change is meant, `npx vitest run --project itg
 * test/house/golden -u` records the new sums, and the commit's message says why users' archives have other bytes.
 */
describe('golden: the bytes of lock, bundle, archive and sidecars stay as they are', () => {
  it.for<[name: string, images: readonly string[], platform: string, options: SaveImagesOptions]>([
    ['one-image', [nameOf('acme/app:1')], 'linux/amd64', {}],
    ['sparse-index-one-platform', [nameOf('acme/multi:2.0')], 'linux/amd64', {}],
    ['sparse-index-two-platforms', [nameOf('acme/multi:2.0')], 'linux/amd64,linux/arm64', {}],
    ['tag-and-digest', [nameOf(`acme/multi:2.0@${multiDigest}`)], 'linux/arm64', {}],
    ['whole-index-and-docker-image', [nameOf('acme/multi:2.0'), nameOf('acme/docker:1')], 'all', {}],
    ['artifact-and-image', [nameOf('acme/policy:1'), nameOf('acme/app:1')], 'linux/amd64', {}],
    [
      'several-names',
      [
        `${nameOf('acme/app:1')} => mirror.example/tools/app:stable`,
        nameOf('acme/app:1'),
        nameOf(`acme/multi@${multiDigest}`),
      ],
      'all',
      { naming: ['keep-domain', 'strip-domain'] },
    ],
    [
      'archive-in-parts',
      [nameOf('acme/app:1'), nameOf('acme/multi:2.0')],
      'linux/amd64',
      { splitSize: 16_384 },
    ],
  ])('%s', async ([name, images, platform, options]) => {
    await expect(await sumsOfSave(name, images, platform, options)).toMatchFileSnapshot(`golden/${name}.txt`);
  });
});
