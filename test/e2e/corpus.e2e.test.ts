import { writeFile } from 'node:fs/promises';
import pLimit from 'p-limit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isDigest } from '../../src/oci/digest.ts';
import { type CorpusImage, corpus } from '../support/corpus.ts';
import { type Workplace, workplace } from '../support/oci-save.ts';
import { outputOf } from '../support/program.ts';
import { pushImage } from '../support/push.ts';
import {
  type Containerd,
  type DockerRegistry,
  startContainerd,
  startDockerRegistry,
} from '../support/servers/index.ts';
import { type ServedBundle, serveBundle } from '../support/serve-bundle.ts';
import { toolPath } from '../support/tools.ts';

const MIB = 1024 * 1024;
let images: readonly CorpusImage[];
let registry: DockerRegistry;
let work: Workplace;
let common: string[];

beforeAll(async () => {
  images = await corpus();
  registry = await startDockerRegistry();
  work = await workplace();
  for (const { name, tag, image } of images) await pushImage(registry.target, `corpus/${name}`, image, tag);
  const lines = images.map(({ name, tag }) => `${registry.host}/corpus/${name}:${tag}\n`);
  await writeFile(work.file('images.txt'), lines.join(''));
  common = ['-f', 'images.txt', '-p', 'all', '--insecure-registries', registry.host];
}, 300_000);
afterAll(async () => {
  await work.close();
  await registry.close();
});

/** Blob GETs of the log, by digest. */
async function blobRequests(skopeo?: boolean): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (const { path } of await registry.requests({
    kind: 'blob',
    method: 'GET',
    ...(skopeo === undefined ? {} : { skopeo }),
  })) {
    const digest = path.split('/').at(-1) ?? '';
    counts.set(digest, (counts.get(digest) ?? 0) + 1);
  }
  return counts;
}

describe.each(['skopeo', 'direct'])('a list of real images, by the copier %s', (copier) => {
  const output = `by-${copier}`;
  const lockFile = `${output}/oci-save.lock.json`;
  const args = (): string[] => [
    'save',
    ...common,
    '-o',
    output,
    '--copier',
    copier,
    '--cache-dir',
    `store-${copier}`,
  ];

  it('is saved with its digests, every layer fetched once', async () => {
    expect(images.length).toBeGreaterThanOrEqual(15);
    await registry.clear();
    await work.succeed(...args());
    const lock = await work.lock(lockFile);
    expect(new Map(lock.images.map(({ ref, digest }) => [ref, digest]))).toEqual(
      new Map(images.map(({ name, tag, image }) => [`${registry.host}/corpus/${name}:${tag}`, image.top])),
    );
    const layers = new Set(lock.images.flatMap(({ leaves }) => leaves.flatMap((leaf) => leaf.layers)));
    const configs = new Set(lock.images.flatMap(({ leaves }) => leaves.map(({ config }) => config)));
    const requests = await blobRequests();
    const fetchedLayers = [...requests].filter(([digest]) => isDigest(digest) && layers.has(digest));
    expect(fetchedLayers.length).toBe(layers.size);
    expect(fetchedLayers.filter(([, count]) => count !== 1)).toEqual([]);
    // skopeo reads the config of a leaf that it copies once more.
    for (const [digest, count] of requests)
      if (isDigest(digest) && configs.has(digest)) expect(count).toBeLessThanOrEqual(2);
  });

  it('has its large layers from skopeo where that is the copier, and from no other client', async () => {
    const lock = await work.lock(lockFile);
    const layers = new Set(lock.images.flatMap(({ leaves }) => leaves.flatMap((leaf) => leaf.layers)));
    const large = [...layers].filter((digest) => (lock.blobs[digest] ?? 0) > MIB);
    expect(large.length).toBeGreaterThan(5);
    const bySkopeo = await blobRequests(true);
    for (const digest of large) expect(bySkopeo.get(digest)).toBe(copier === 'skopeo' ? 1 : undefined);
  });

  it('costs one HEAD per image when nothing changed', async () => {
    await registry.clear();
    await work.succeed(...args());
    const requests = (await registry.requests()).filter(({ path }) => path !== '/v2/');
    expect(requests).toHaveLength(images.length);
    expect(new Set(requests.map(({ method }) => method))).toEqual(new Set(['HEAD']));
  });
});

it('gives the same bundle with either copier', async () => {
  expect(await outputOf('diff', ['-r', work.file('by-skopeo'), work.file('by-direct')])).toBe('');
});

describe('a served bundle of real images', () => {
  const AT_ONCE = pLimit(4);
  let served: ServedBundle;
  let containerd: Containerd;
  beforeAll(async () => {
    served = await serveBundle(work.file('by-skopeo'));
    containerd = await startContainerd();
  });
  afterAll(async () => {
    await containerd.close();
    await served.close();
  });
  const stored = (name: string, tag: string): string =>
    `${served.host}/${registry.host.replace(':', '_')}/corpus/${name}:${tag}`;

  it('is pulled whole by skopeo, with the same digests', async () => {
    await AT_ONCE.map(images, async ({ name, tag, image }, at) => {
      const source = `docker://${stored(name, tag)}`;
      await outputOf(toolPath('skopeo'), [
        '--insecure-policy',
        'copy',
        '--quiet',
        '--all',
        '--preserve-digests',
        '--src-tls-verify=false',
        source,
        `dir:${work.file(`pulled-${at}`)}`,
      ]);
      const [sum = ''] = (await outputOf('sha256sum', [work.file(`pulled-${at}/manifest.json`)])).split(' ');
      expect(`sha256:${sum}`).toBe(image.top);
    });
  });

  it('is pulled whole by containerd, with the same digests', async () => {
    await AT_ONCE.map(images, ({ name, tag }) => containerd.pull(stored(name, tag), '--all-platforms'));
    const pulled = new Map((await containerd.images()).map(({ name, digest }) => [name, digest]));
    for (const { name, tag, image } of images) expect(pulled.get(stored(name, tag))).toBe(image.top);
  });
});
