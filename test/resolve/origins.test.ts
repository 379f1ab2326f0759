import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Digest } from '../../src/oci/digest.ts';
import { OCI_INDEX } from '../../src/oci/media-type.ts';
import type { ResolvedImage } from '../../src/resolve/index.ts';
import { openStore, type Store } from '../../src/store/index.ts';
import { type Copying, startCopying } from '../copy/copying.ts';
import { type BadRegistry, MANIFESTS, startBadRegistry } from '../support/bad-registry.ts';
import { AMD64, buildIndex, d2, dlist, idx, one } from '../support/fixtures/index.ts';
import { descriptorOf, type Image, imageOf, jsonBytes, topOf } from '../support/image.ts';
import { tally } from '../support/registry-request.ts';

const small = { layerBytes: 100 };
let registry: BadRegistry;
let bench: Copying;
beforeAll(async () => {
  registry = await startBadRegistry({ images: { 'one:1': one(small) } });
});
afterAll(() => registry.close());
beforeEach(async () => {
  registry.misbehave({});
  bench = await startCopying([registry.host]);
  return () => bench.close();
});

const at = (name: string): string => `${registry.host}/${name}`;

/** Resolves an image that came with credentials, or without. */
async function resolve(
  name: string,
  isPrivate: boolean,
  given: Parameters<Copying['images']>[1] = {},
): Promise<ResolvedImage> {
  const [image] = await bench.images([name], { isPrivate: async () => isPrivate, ...given });
  return image ?? expect.fail('nothing was resolved');
}

/** Looks into the store as a later run does that may have lost the credentials. */
async function later<T>(look: (store: Store) => Promise<T>): Promise<T> {
  const store = await openStore(`${bench.folder}/store`, { asksAgain: true });
  try {
    return await look(store);
  } finally {
    await store.close();
  }
}

const readable = (digests: readonly Digest[]): Promise<boolean[]> =>
  later((store) => Promise.all(digests.map(async (digest) => (await store.read(digest, 1e6)) !== undefined)));

/** An image whose config the manifest embeds: no registry needs to have it. */
function embedding(image: Image, text = (data: string): string => data): Image {
  const manifest = JSON.parse(new TextDecoder().decode(topOf(image).bytes));
  const bytes = image.blobs.get(manifest.config.digest) ?? expect.fail();
  const config = { ...manifest.config, data: text(Buffer.from(bytes).toString('base64')) };
  const layers = [...image.blobs].filter(([digest]) => digest !== config.digest);
  const { mediaType } = topOf(image);
  return imageOf(
    { mediaType, bytes: jsonBytes({ ...manifest, config }) },
    layers.map(([, content]) => content),
  );
}

describe('an image that came with credentials', () => {
  const pin = (): string => `${at('one')}@${one(small).top}`;

  it('is taken of the store in a later run where its registry says to have it, without another GET', async () => {
    await resolve(pin(), true);
    registry.clear();
    await later((store) => resolve(pin(), true, { store }));
    expect(tally(registry.requests())).toEqual({ 'HEAD manifest': 1 });
  });

  it('is not taken where its registry refuses it', async () => {
    await resolve(pin(), true);
    registry.misbehave({ faults: [{ path: MANIFESTS, failure: { kind: 'status', status: 403 } }] });
    await later(async (store) => {
      const { failed } = await bench.resolve([pin()], { store });
      expect(failed).toMatchObject([{ error: { code: 'denied' } }]);
    });
  });

  it('is asked for nowhere where another repository gave it without', async () => {
    await resolve(pin(), false);
    registry.clear();
    await later((store) => resolve(pin(), true, { store }));
    expect(registry.requests()).toEqual([]);
  });
});

describe.each([
  [true, 'hidden from'],
  [false, 'open to'],
])('of an image, private: %s,', (isPrivate, state) => {
  it(`what was made of it is ${state} later runs: conversions, narrowed indexes, what it embeds`, async () => {
    registry.put('dlist', dlist(small), '1');
    registry.put('idx', idx(small), '1');
    registry.put('embeds', embedding(one({ ...small, seed: 'embeds' })), '1');
    const converted = await resolve(at('dlist:1'), isPrivate, { format: 'oci' });
    const narrowed = await resolve(`--platform=linux/amd64,linux/arm64 ${at('idx:1')}`, isPrivate);
    const embeds = await resolve(at('embeds:1'), isPrivate);
    const digests = [
      ...converted.manifests.keys(),
      narrowed.root,
      ...embeds.leaves.map(({ config }) => config),
    ];
    expect(digests).toHaveLength(5);
    expect(await readable(digests)).toEqual(digests.map(() => !isPrivate));
  });
});

describe('what a manifest embeds', () => {
  it('is not asked for, be it a config or a child', async () => {
    const child = embedding(one({ ...small, seed: 'child' }));
    const { mediaType, bytes } = topOf(child);
    const entry = descriptorOf(mediaType, bytes, { data: Buffer.from(bytes).toString('base64') });
    const index = jsonBytes({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: [entry] });
    registry.put('child', imageOf({ mediaType: OCI_INDEX, bytes: index }, child.blobs.values()), '1');
    registry.clear();
    const { platforms } = await resolve(at('child:1'), false);
    expect(platforms).toEqual(['linux/amd64']);
    expect(tally(registry.requests())).toMatchObject({ 'HEAD manifest': 1, 'GET manifest': 1 });
    expect(registry.requests({ kind: 'blob' })).toEqual([]);
  });

  it('is refused where it is something else than what it stands for', async () => {
    const image = one({ ...small, seed: 'wrong' });
    registry.put(
      'wrong',
      embedding(image, (data) => data.replace(/^./, (letter) => (letter === 'e' ? 'f' : 'e'))),
      '1',
    );
    const { failed } = await bench.resolve([at('wrong:1')]);
    expect(failed).toMatchObject([
      {
        error: {
          code: 'unsupported',
          message: expect.stringMatching(/^what it embeds as sha256:\w{12} is not that blob$/),
        },
      },
    ]);
  });
});

describe('converting an index to OCI', () => {
  it.each(['after', 'before'])(
    'leaves an attestation to its image, where it is listed %s it',
    async (place) => {
      const image = d2({ ...small, seed: 'attested' });
      const platform = { os: 'unknown', architecture: 'unknown' };
      const attestation = {
        image: one({ ...small, seed: 'attestation', platform }),
        platform,
        annotations: {
          'vnd.docker.reference.digest': image.top,
          'vnd.docker.reference.type': 'attestation-manifest',
        },
      };
      const children = [{ image, platform: AMD64 }, attestation];
      registry.put('attested', buildIndex(place === 'after' ? children : children.toReversed()), '1');
      const { leaves, converted } = await resolve(at('attested:1'), false, { format: 'oci' });
      const attests = leaves.find(({ digest }) => digest === attestation.image.top)?.attests;
      expect(attests).toBe(converted?.[image.top]);
      expect(leaves.map(({ digest }) => digest)).toContain(attests);
    },
  );
});
