import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readContent, readManifests, storePort } from '../../src/image/index.ts';
import { type Digest, digestOf, shortDigest } from '../../src/oci/digest.ts';
import type { ResolvedImage } from '../../src/resolve/index.ts';
import { type Resolving, startResolving } from '../resolve/resolving.ts';
import { AMD64, ARM64, buildIndex, idx, nested, one } from '../support/fixtures/index.ts';
import { failureOf } from '../support/failure.ts';

const small = { layerBytes: 100 };
let bench: Resolving;
beforeAll(async () => {
  bench = await startResolving();
});
afterAll(() => bench.close());

/** The store without these manifests. */
const without = (...lost: readonly (Digest | undefined)[]) => ({
  ...bench.store,
  read: async (digest: Digest, max: number) =>
    lost.includes(digest) ? undefined : bench.store.read(digest, max),
});
const sparse = (): Promise<ResolvedImage> =>
  bench.resolve(nested(small), 'r.example/x:1', { platforms: 'linux/amd64,linux/arm64' });
/** The indexes below the top of an image, by its bytes in the store. */
const innerOf = ({ manifests, digest }: ResolvedImage): Digest[] =>
  [...manifests.values()].flatMap((one) =>
    one.manifest.kind === 'index' && one.digest !== digest ? [one.digest] : [],
  );

describe('the content of a lock', () => {
  it('has a narrowed index that is kept nowhere: it is made again, and is read as all else', async () => {
    const image = await sparse();
    const made = [...image.made.keys()];
    expect(made).toHaveLength(2);
    const lock = bench.lock(image);
    const { port, manifests } = await readContent(lock, storePort(without(...made)));
    expect([...manifests.keys()].toSorted()).toEqual([...image.manifests.keys()].toSorted());
    for (const digest of image.manifests.keys()) {
      const size = image.sizes.get(digest) ?? expect.fail();
      expect((await port.manifest(digest)).digest).toBe(digest);
      const { body } = await port.open({ digest, size }, 0);
      expect(digestOf(await buffer(body))).toBe(digest);
      expect(await port.has({ digest, size })).toBe(true);
      expect(await port.has({ digest, size: size + 1 })).toBe(false);
    }
    const [first] = made;
    const digest = first ?? expect.fail();
    const size = image.sizes.get(digest) ?? 0;
    const whole = await buffer(port.range({ digest, size }, 0, size));
    expect((await buffer(port.range({ digest, size }, 3, 9))).equals(whole.subarray(3, 9))).toBe(true);
    expect((await failureOf(port.manifest('a-tag'))).code).toBe('not-found');
  });

  it('is what the store has where nothing is narrowed', async () => {
    const image = await bench.resolve(idx(small), 'r.example/x:1');
    const port = storePort(bench.store);
    expect((await readContent(bench.lock(image), port)).port).toBe(port);
  });

  it('cannot be read where a narrowed index cannot be made again', async () => {
    const image = await sparse();
    const [leaf] = image.leaves;
    const error = await failureOf(
      readContent(bench.lock(image), storePort(without(...image.made.keys(), leaf?.digest))),
    );
    expect(error).toMatchObject({
      code: 'digest',
      message: `r.example/x:1: the index ${shortDigest(image.root)}, which stands in where a sparse one is refused, is missing`,
      hint: 'Save it again: what is whole is not fetched again.',
    });
  });
});

describe('the manifests of a lock', () => {
  it('are refused where one is missing: the top, a leaf, or an index between them', async () => {
    const image = await bench.resolve(nested(small), 'r.example/x:1');
    const lock = bench.lock(image);
    expect((await readManifests(lock, bench.store)).size).toBe(image.manifests.size);
    const [inner] = innerOf(image);
    const below = JSON.parse(new TextDecoder().decode(await bench.store.read(inner ?? expect.fail(), 1e6)));
    for (const [lost, named] of [
      [image.digest, image.digest],
      [image.leaves[0]?.digest, image.leaves[0]?.digest],
      // It is known by the first leaf that nothing leads to.
      [inner, below.manifests[0].digest],
    ]) {
      expect(await failureOf(readManifests(lock, without(lost)))).toMatchObject({
        code: 'digest',
        message: `r.example/x:1: manifest ${shortDigest(named ?? expect.fail())} is missing or damaged`,
        hint: 'Save it again: what is whole is not fetched again.',
      });
    }
  });

  it('are read once each, however many images and indexes name them', async () => {
    const shared = one({ ...small, seed: 'shared' });
    const indexes = [AMD64, ARM64].map((platform) => buildIndex([{ image: shared, platform }]));
    const images = await Promise.all(
      indexes.map((index, at) => bench.resolve(index, `r.example/shared:${at}`)),
    );
    const asked: Digest[] = [];
    const store = {
      ...bench.store,
      read: (digest: Digest, max: number) => {
        asked.push(digest);
        return bench.store.read(digest, max);
      },
    };
    await readManifests(bench.lock(...images), store);
    expect(asked.toSorted()).toEqual([shared.top, ...indexes.map(({ top }) => top)].toSorted());
  });

  it('leave out a child that was not taken, though it has the digest of another image’s layer', async () => {
    const odd = one({ ...small, seed: 'odd' });
    const layer = [...odd.blobs].at(-1) ?? expect.fail();
    const other = await bench.resolve(odd, 'r.example/odd:1');
    const index = buildIndex([{ image: one(small), platform: AMD64 }]);
    const bytes = new TextDecoder().decode(index.manifests.get(index.top)?.bytes);
    const written = JSON.parse(bytes);
    written.manifests.push({
      ...written.manifests[0],
      digest: layer[0],
      size: layer[1].length,
      platform: { os: 'linux', architecture: 's390x' },
    });
    const changed = new TextEncoder().encode(JSON.stringify(written));
    const { mediaType } = index.manifests.get(index.top) ?? expect.fail();
    const top = digestOf(changed);
    const image = {
      ...index,
      top,
      manifests: new Map([...one(small).manifests, [top, { bytes: changed, mediaType }]]),
    };
    const taken = await bench.resolve(image, 'r.example/y:1', { platforms: 'linux/amd64' });
    const manifests = await readManifests(bench.lock(other, taken), bench.store);
    expect([...manifests.keys()].toSorted()).toEqual([odd.top, top, one(small).top].toSorted());
  });
});
