import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { save } from '../../src/commands/save/save.ts';
import { parseOptions } from '../../src/options/index.ts';
import { type BadRegistry, startBadRegistry } from '../support/bad-registry.ts';
import { att, idx, one } from '../support/fixtures/index.ts';
import { startPushRegistry } from '../support/push-registry.ts';
import { tempFolder, type TempFolder } from '../support/temp.ts';
import { pushBundleTo } from './push-to.ts';

const layer = { layerBytes: 300_000 };

let source: BadRegistry;
let temp: TempFolder;
beforeAll(async () => {
  source = await startBadRegistry({
    images: { 'one:1': one(layer), 'idx:1': idx(layer), 'att:1': att(layer) },
  });
  temp = await tempFolder('push-archive');
});
afterAll(async () => {
  await source.close();
  await temp.close();
});

/** An archive alone, as it comes to a site. */
async function archived(name: string, settings: Record<string, unknown>): Promise<string> {
  const output = path.join(temp.path, name, 'app');
  const options = parseOptions({
    images: ['one:1', 'idx:1', 'att:1'].map((image) => `${source.host}/${image}`),
    platforms: 'linux/amd64',
    output,
    archive: 'tar',
    cacheDir: path.join(temp.path, 'store'),
    copier: 'direct',
    insecureRegistries: [source.host],
    ...settings,
  });
  const { report } = await save(options, { env: {}, emit: () => {} });
  expect(report.failed).toEqual([]);
  await rm(output, { recursive: true });
  return `${output}.tar`;
}

describe('V15: a push straight from an archive', () => {
  it.each([
    ['one file', {}, '.tar'],
    ['parts, by the second', { splitSize: '400KiB' }, '.tar.002'],
    ['the zot view alone', { layout: 'zot' }, '.tar'],
  ])('brings all of it from %s, and unpacks nothing', async (name, settings, suffix) => {
    const tar = await archived(name.replaceAll(/[ ,]+/g, '-'), settings);
    const before = await readdir(path.dirname(tar));
    const target = await startPushRegistry();
    try {
      const report = await pushBundleTo(tar.replace(/\.tar$/, suffix), target.host);
      expect(report).toMatchObject({ outcome: 'done' });
      expect(report.targets[0]?.images.map(({ status }) => status)).toEqual(['pushed', 'pushed', 'pushed']);
      expect(target.contents.broken(true)).toEqual([]);
    } finally {
      await target.close();
    }
    expect(await readdir(path.dirname(tar))).toEqual(before);
  });

  it('says of a cut archive where it ends, and of one without a lock what it lacks, before the target is asked', async () => {
    const tar = await archived('cut', {});
    const bytes = await readFile(tar);
    await writeFile(tar, bytes.subarray(0, 200_000));
    await expect(pushBundleTo(tar, '127.0.0.1:1')).rejects.toMatchObject({
      code: 'digest',
      message: expect.stringMatching(
        /^app\.tar: it ends within blobs\/sha256\/[0-9a-f]{64}, after \d+ of \d+ bytes/,
      ),
    });
    const other = await archived('unlocked', { layout: 'oci' });
    await rm(other.replace(/tar$/, 'lock.json'));
    await expect(pushBundleTo(other, '127.0.0.1:1')).rejects.toMatchObject({ code: 'usage' });
  });

  it('pushes nothing of a damaged blob', async () => {
    const tar = await archived('damaged', {});
    const bytes = await readFile(tar);
    for (let at = 100_000; at < 101_000; at += 1) bytes[at] = (bytes[at] ?? 0) ^ 1;
    await writeFile(tar, bytes);
    const target = await startPushRegistry();
    try {
      const report = await pushBundleTo(tar, target.host);
      expect(report.outcome).toBe('failed');
      expect(target.contents.broken(true)).toEqual([]);
    } finally {
      await target.close();
    }
  });
});
