import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { releaseContent } from '../../src/commands/release.ts';
import { save } from '../../src/commands/save/save.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { parseOptions } from '../../src/options/index.ts';
import { type BadRegistry, startBadRegistry } from '../support/bad-registry.ts';
import { idx, nested } from '../support/fixtures/index.ts';
import { type PushRegistry, startPushRegistry } from '../support/push-registry.ts';
import { type ReleaseService, startReleaseService, WRITER } from '../support/release-service/index.ts';
import { tempFolder, type TempFolder } from '../support/temp.ts';
import { pushBundleTo } from './push-to.ts';

const small = { layerBytes: 100 };

let source: BadRegistry;
let service: ReleaseService;
let temp: TempFolder;
beforeAll(async () => {
  source = await startBadRegistry({ images: { 'sparse:1': idx(small), 'nested:1': nested(small) } });
  service = await startReleaseService();
  temp = await tempFolder('one-view');
});
afterAll(async () => {
  await source.close();
  await service.close();
  await temp.close();
});

describe.each(['zot', 'oci', 'zot,oci'])('a bundle of the layout %s with a sparse image', (layout) => {
  const folder = (): string => path.join(temp.path, layout.replace(',', '-'));
  let archive: string | undefined;
  beforeAll(async () => {
    const options = parseOptions({
      images: ['sparse:1', 'nested:1'].map((image) => `${source.host}/${image}`),
      platforms: 'linux/amd64,linux/arm64',
      output: folder(),
      archive: 'tar',
      layout,
      cacheDir: path.join(temp.path, 'store'),
      copier: 'direct',
      insecureRegistries: [source.host],
    });
    const { report } = await save(options, { env: {}, emit: () => {} });
    expect(report).toMatchObject({ outcome: 'done', failed: [] });
    archive = report.archive?.digest;
  });

  it('is released as the archive that the save computed', async () => {
    const tag = `v-${layout.replace(',', '-')}`;
    const released = await releaseContent(
      {
        content: folder(),
        tag,
        repository: 'org/site',
        archiveName: 'bundle',
        splitSize: 0,
        releasePolicy: 'replace',
        retries: 0,
        dryRun: false,
      },
      { env: { GITHUB_API_URL: service.url, GH_TOKEN: WRITER }, emit: () => {} },
    );
    expect(released.failure).toBeUndefined();
    const tar = service.releases
      .find((one) => one.tag === tag)
      ?.assets.find(({ name }) => name === 'bundle.tar');
    expect(digestOf(tar?.bytes ?? new Uint8Array())).toBe(archive);
  });

  it.each(['auto', 'keep', 'narrow'] as const)('is pushed with index %s', async (index) => {
    const target: PushRegistry = await startPushRegistry();
    try {
      const report = await pushBundleTo(folder(), target.host, { index });
      expect(report.outcome).toBe(index === 'keep' ? 'failed' : 'done');
      expect(target.contents.broken(true)).toEqual([]);
    } finally {
      await target.close();
    }
  });
});
