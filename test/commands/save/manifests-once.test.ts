import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { save } from '../../../src/commands/save/save.ts';
import type { Digest } from '../../../src/oci/digest.ts';
import { parseOptions } from '../../../src/options/index.ts';
import type { RunReport } from '../../../src/report/index.ts';
import { type BadRegistry, startBadRegistry } from '../../support/bad-registry.ts';
import { AMD64, ARM64, buildIndex, d2, one } from '../../support/fixtures/index.ts';
import { type PushRegistry, startPushRegistry } from '../../support/push-registry.ts';
import { tempFolder, type TempFolder } from '../../support/temp.ts';

const small = { layerBytes: 100 };
const shared = { image: one({ ...small, platform: AMD64 }), platform: AMD64 };
/** Two indexes that share a child, and a Docker image: five manifests. */
const IMAGES = {
  'index:1': buildIndex([
    shared,
    { image: one({ ...small, seed: 'arm', platform: ARM64 }), platform: ARM64 },
  ]),
  'other:1': buildIndex([shared]),
  'docker:1': d2(small),
};
const manifests = new Map(Object.values(IMAGES).flatMap((image) => [...image.manifests]));

let source: BadRegistry;
let target: PushRegistry;
let temp: TempFolder;
beforeAll(async () => {
  source = await startBadRegistry({ images: IMAGES });
  target = await startPushRegistry();
  temp = await tempFolder('once');
});
afterAll(async () => {
  await source.close();
  await target.close();
  await temp.close();
});
afterEach(() => vi.restoreAllMocks());

/** How often the text of each manifest was parsed while `work` ran, whoever parsed it, the registry here excepted. */
async function parsesDuring(work: () => Promise<unknown>): Promise<Map<Digest, number>> {
  const digestOfText = new Map(
    [...manifests].map(([digest, { bytes }]) => [new TextDecoder().decode(bytes), digest]),
  );
  const counts = new Map<Digest, number>([...manifests.keys()].map((digest) => [digest, 0]));
  const parse = JSON.parse;
  vi.spyOn(JSON, 'parse').mockImplementation((text, reviver) => {
    const digest = digestOfText.get(text);
    const isOurs = !(new Error('where').stack ?? '').includes('/test/support/');
    if (digest !== undefined && isOurs) counts.set(digest, (counts.get(digest) ?? 0) + 1);
    return parse(text, reviver);
  });
  await work();
  return counts;
}

async function run(store: string): Promise<RunReport> {
  const options = parseOptions({
    images: Object.keys(IMAGES).map((name) => `${source.host}/${name}`),
    platforms: 'all',
    output: path.join(temp.path, store, 'bundle'),
    archive: 'tar',
    push: `${target.host}/${store}`,
    cacheDir: path.join(temp.path, store, 'store'),
    copier: 'direct',
    retries: 0,
    insecureRegistries: [source.host, target.host],
  });
  const { report } = await save(options, { env: {}, emit: () => {} });
  return report;
}

describe('B16: a cold save with bundle, archive and push', () => {
  it('fetches each manifest once, and parses it once; what was put into a target is read back once', async () => {
    expect(manifests.size).toBe(5);
    let report: RunReport | undefined;
    const parses = await parsesDuring(async () => (report = await run('cold')));
    expect(report).toMatchObject({ outcome: 'done', failed: [] });
    expect(report?.push?.[0]?.totals.pushed).toBe(3);
    // Found I: what was fetched of an image is counted as its size is.
    expect(report?.images.map(({ fetchedBytes }) => fetchedBytes)).toEqual(
      report?.images.map(({ size }) => size),
    );

    const gets = source.requests({ method: 'GET', kind: 'manifest' });
    expect(gets).toHaveLength(5);

    const pathsOf = (method: string, status: number): string[] =>
      target.requests({ method, kind: 'manifest', status }).map(({ path: address }) => address);
    expect(pathsOf('GET', 200).toSorted()).toEqual(pathsOf('PUT', 201).toSorted());
    const tags = Object.entries(IMAGES).map(([name, { top }]) => [
      `/${name.replace(':', '/manifests/')}`,
      top,
    ]);
    const readBack = pathsOf('GET', 200).map(
      (address) => tags.find(([tag = '']) => address.endsWith(tag))?.[1] ?? address.split('/').at(-1),
    );
    const expected = [...manifests.keys()].map((digest) => [
      digest,
      1 + readBack.filter((one) => one === digest).length,
    ]);
    expect(Object.fromEntries(parses)).toEqual(Object.fromEntries(expected));
  });

  it('in its next run fetches none, and parses each once', async () => {
    source.clear();
    const parses = await parsesDuring(() => run('cold'));
    expect(source.requests({ method: 'GET', kind: 'manifest' })).toEqual([]);
    expect([...parses.values()]).toEqual([1, 1, 1, 1, 1]);
  });
});
