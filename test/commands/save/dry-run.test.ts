import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseOptions } from '../../../src/options/index.ts';
import type { RunReport } from '../../../src/report/index.ts';
import { save } from '../../../src/commands/save/save.ts';
import { OCI_CONFIG } from '../../../src/oci/media-type.ts';
import { type BadRegistry, startBadRegistry } from '../../support/bad-registry.ts';
import { AMD64, ARM64, buildImage, buildIndex, filledLayer, idx, one } from '../../support/fixtures/index.ts';
import { descriptorOf, type Image, jsonBytes } from '../../support/image.ts';
import { tempFolder, type TempFolder } from '../../support/temp.ts';

const small = { layerBytes: 100 };
let registry: BadRegistry;
let temp: TempFolder;
let runs = 0;
beforeAll(async () => {
  registry = await startBadRegistry();
  temp = await tempFolder('dry');
});
afterAll(async () => {
  await registry.close();
  await temp.close();
});

/** What a run says of an image, with a store of its own. */
async function verdict(image: Image, given: Readonly<Record<string, unknown>>): Promise<RunReport> {
  runs += 1;
  registry.put('image', image, '1');
  const options = parseOptions({
    images: `${registry.host}/image:1`,
    platforms: 'linux/amd64',
    output: path.join(temp.path, `out-${runs}`),
    cacheDir: path.join(temp.path, `store-${runs}`),
    copier: 'direct',
    retries: 0,
    insecureRegistries: [registry.host],
    ...given,
  });
  const { report } = await save(options, { env: {}, emit: () => {} });
  return report;
}

const bigConfig = { config: descriptorOf(OCI_CONFIG, jsonBytes({}), { size: 9 * 1024 * 1024 }) };
const bigConfigImage = buildImage({ layers: [filledLayer('big', 100)], manifest: bigConfig });

describe('a dry run', () => {
  it.each<[string, Image, RegExp]>([
    [
      'found A1: of an image of another platform',
      one({ ...small, platform: ARM64 }),
      /^it has no linux\/amd64; it has linux\/arm64$/,
    ],
    [
      'of an index whose child names no platform and has another one',
      buildIndex([{ image: buildIndex([{ image: one({ ...small, platform: ARM64 }) }]) }]),
      /^it has no linux\/amd64; it has linux\/arm64$/,
    ],
    [
      'of an image with a config that is too large',
      bigConfigImage,
      /^its config, sha256:[0-9a-f]{12}, has 9437184 bytes; no image config has more than 8388608$/,
    ],
    [
      'of an index with such a child',
      buildIndex([{ image: bigConfigImage, platform: AMD64 }]),
      /^its child linux\/amd64, sha256:[0-9a-f]{12}: its config, sha256:[0-9a-f]{12}, has 9437184 bytes/,
    ],
  ])('%s fails as the real run does', async (_, image, words) => {
    const [dry, real] = [await verdict(image, { dryRun: true }), await verdict(image, {})];
    expect(dry.failed[0]?.message).toMatch(words);
    expect(dry.failed).toEqual(real.failed);
    expect([dry.outcome, dry.images]).toEqual(['failed', []]);
  });

  it('reads the config of an image without an index, and nothing else but manifests', async () => {
    registry.clear();
    const { images } = await verdict(one(small), { dryRun: true });
    expect(images.map(({ platforms }) => platforms)).toEqual([['linux/amd64']]);
    expect(registry.requests({ kind: 'blob' })).toHaveLength(1);
    registry.clear();
    await verdict(idx(small), { dryRun: true });
    expect(registry.requests({ kind: 'blob' })).toEqual([]);
  });
});
