import { beforeAll, describe, expect, it } from 'vitest';
import { type Digest, shortDigest } from '../../src/oci/digest.ts';
import { parseManifest } from '../../src/oci/manifest.ts';
import { type BadRegistry, type BadSwitches, MANIFESTS } from '../support/bad-registry.ts';
import { AMD64, ARM64, att, buildIndex, idx, one } from '../support/fixtures/index.ts';
import { type Image, largestBlobOf, topOf } from '../support/image.ts';
import { type BadSource, failing, startBadSource, whyNot } from './bad-source.ts';

/** Above a MiB, so that skopeo moves it. */
const LARGE = 1_300_000;

let registry: BadRegistry;
let save: BadSource['save'];
beforeAll(async () => {
  ({ registry, save } = await startBadSource());
});

/** The digests that an index lists, in its order. */
function childrenOf(image: Image): Digest[] {
  const manifest = parseManifest(topOf(image).bytes);
  return manifest.kind === 'index' ? manifest.manifests.map(({ digest }) => digest) : [];
}
describe.each(['skopeo', 'direct'] as const)('by the copier %s', (copier) => {
  const large = (seed: string): Image => one({ seed: `${copier} ${seed}`, layerBytes: LARGE });

  it.each(['gzip', 'br'])(
    'found J2: what a proxy compresses by %s on its way is undone, and is what was asked for',
    async (encoding) => {
      const image = large(encoding);
      const saved = await save(image, { copier, ...failing(/./, { kind: 'encode', encoding }) });
      expect(whyNot(saved)).toEqual([]);
      expect(saved.copied.failures).toEqual(new Map());
      expect(saved.resolved.map(({ digest }) => digest)).toEqual([image.top]);
    },
  );

  it('found J2: a layer that an object store calls compressed, and is only its own bytes, comes as it is', async () => {
    const image = large('only says');
    const failure = { kind: 'encode', encoding: 'gzip', as: 'only says' } as const;
    const saved = await save(image, { copier, ...failing(new RegExp(largestBlobOf(image)), failure) });
    expect(saved.copied.failures).toEqual(new Map());
  });
});

describe.each(['skopeo', 'direct'] as const)(
  'N5, case A1, found J A1: a pull quota, by the copier %s',
  (copier) => {
    const quota = { kind: 'status', status: 429, headers: { 'retry-after': '21600' } } as const;
    const many = (seed: string, layerBytes: number, number: number): Image[] =>
      Array.from({ length: number }, (_, nth) => one({ seed: `${copier} ${seed} ${nth}`, layerBytes }));

    it('that is used up at the start costs one request, and is one cause of all images', async () => {
      const saved = await save(many('start', 64, 20), { copier, ...failing(MANIFESTS, quota) });
      expect(registry.requests({ method: 'GET', kind: 'manifest' })).toHaveLength(1);
      expect(saved.failed).toHaveLength(20);
      expect(new Set(saved.failed.map(({ error }) => error)).size).toBe(1);
      expect(saved.failed[0]?.error).toMatchObject({
        code: 'quota',
        message: expect.stringMatching(/a quota is used up: it answered 429; it asks to come back in 6 h/),
        hint: expect.stringMatching(/^Log in .* mirror, or save from a lock/),
      });
      expect(saved.said).toEqual([expect.stringMatching(/^error: .*a quota is used up/)]);
    });

    it('of manifests alone, while layers come, costs skopeo one request each and no image', async () => {
      const saved = await save(many('layers come', LARGE, 4), { copier, later: failing(MANIFESTS, quota) });
      expect(saved.copied.failures).toEqual(new Map());
      const asked = registry.requests({ method: 'GET', kind: 'manifest', status: 429 });
      // The two that run at once.
      expect(asked.length).toBeLessThanOrEqual(copier === 'skopeo' ? 2 : 0);
      const told = saved.said.filter((message) => message.includes('answered 429'));
      expect(told).toHaveLength(copier === 'skopeo' ? 1 : 0);
    });

    it('that ends in mid-run is found within one request of our own client, and is one cause', async () => {
      const images = many('ends', LARGE, 4);
      const saved = await save(images, { copier, later: failing(/./, quota) });
      expect([...saved.copied.failures.values()]).toHaveLength(4);
      expect(new Set(saved.copied.failures.values()).size).toBe(1);
      expect([...saved.copied.failures.values()][0]).toMatchObject({ code: 'quota' });
      const ours = registry.requests({ method: 'GET', skopeo: false, status: 429 });
      // Layers are no pulls: those that may be under way at once.
      expect(ours.length).toBeLessThanOrEqual(4);
      expect(registry.requests({ method: 'GET', skopeo: true, status: 429 }).length).toBeLessThanOrEqual(2);
      expect(saved.said.filter((message) => message.startsWith('error: '))).toHaveLength(1);
    });

    it.each([
      ['N5, case A1: seconds', () => '1'],
      ['N5, case A2: a date', () => new Date(Date.now() + 1500).toUTCString()],
    ])('is none where it asks for %s: it is waited for as told, and all comes', async (_, wait) => {
      const image = one({ seed: `${copier} throttle ${_}`, layerBytes: LARGE });
      const throttle = { kind: 'status', status: 429, headers: { 'retry-after': wait() } } as const;
      const saved = await save(image, { copier, retries: 2, later: failing(/./, throttle, 1) });
      expect(saved.copied.failures).toEqual(new Map());
      const { ended = 0 } = registry.requests({ status: 429 })[0] ?? {};
      const others = registry.requests().filter(({ status }) => status !== 429);
      expect(others.length).toBeGreaterThan(0);
      for (const { began } of others.filter((other) => other.began > ended))
        expect(began - ended).toBeGreaterThan(400);
    });
  },
);

describe('found J2: a body with a Content-Encoding', () => {
  // The latter are names that every object of JavaScript has.
  it.each(['compress', 'constructor', '__proto__'])(
    'that is not known is said in these words: %s',
    async (encoding) => {
      const failure = { kind: 'encode', encoding } as const;
      const saved = await save(one({ seed: encoding }), failing(MANIFESTS, failure));
      expect(whyNot(saved)).toEqual([
        expect.stringContaining(`sent it compressed (Content-Encoding: ${encoding})`),
      ]);
    },
  );

  it('that unpacks to more than a manifest may have is refused', async () => {
    const failure = { kind: 'encode', encoding: 'gzip', as: 'bomb' } as const;
    const saved = await save(one({ seed: 'bomb' }), failing(MANIFESTS, failure));
    expect(whyNot(saved)).toEqual([expect.stringContaining('sent a manifest of more than 8388608 bytes')]);
  });

  it('that unpacks to more than a layer has is refused', async () => {
    const image = one({ seed: 'layer bomb', layerBytes: LARGE });
    const failure = { kind: 'encode', encoding: 'gzip', as: 'bomb' } as const;
    const saved = await save(image, failing(new RegExp(largestBlobOf(image)), failure));
    expect([...saved.copied.failures.values(), ...saved.failed].length + saved.said.length).toBeGreaterThan(
      0,
    );
  });

  it('is asked for as a whole again where it was cut', async () => {
    const image = one({ seed: 'cut', layerBytes: LARGE });
    const digest = largestBlobOf(image);
    const path = new RegExp(digest);
    const faults = [
      { path, times: 1, failure: { kind: 'cut', at: 0.5 } },
      { path, failure: { kind: 'encode', encoding: 'gzip' } },
    ] as const;
    const saved = await save(image, { faults });
    expect(saved.copied.failures).toEqual(new Map());
    expect(registry.requests({ reference: digest }).map(({ range }) => range)).toEqual([
      undefined,
      expect.stringMatching(/^bytes=\d+-$/),
      undefined,
    ]);
  });
});

describe('found J3: a child that its registry does not give', () => {
  const [amd64, arm64] = [AMD64, ARM64].map((platform) => one({ seed: 'lost', platform, layerBytes: 64 }));
  const index = buildIndex([
    { image: amd64!, platform: AMD64 },
    { image: arm64!, platform: ARM64 },
  ]);
  const gone = (digest: Digest): BadSwitches =>
    failing(new RegExp(`/manifests/${digest}`), { kind: 'status', status: 404 });

  it('is told with its platform, its index and what a proxy may do', async () => {
    const saved = await save(index, gone(arm64!.top));
    const child = `its child linux/arm64, ${shortDigest(arm64!.top)}, of the index ${shortDigest(index.top)}`;
    expect(whyNot(saved)).toEqual([expect.stringMatching(`^${child}, is not there: .*answered 404`)]);
    expect(saved.failed).toMatchObject([
      { error: { code: 'not-found', hint: expect.stringMatching(/by tag and not by digest/) } },
    ]);
  });

  it('is told as an attestation where it is one', async () => {
    const image = att({ layerBytes: 64 });
    const [, , attestation] = childrenOf(image);
    const saved = await save(image, gone(attestation!));
    expect(whyNot(saved)).toEqual([
      expect.stringMatching(/^its attestation sha256:\w+, of the index sha256:/),
    ]);
  });

  it('is of no matter where its platform is not wanted', async () => {
    const saved = await save(index, { ...gone(arm64!.top), platforms: 'linux/amd64' });
    expect(whyNot(saved)).toEqual([]);
  });
});

describe('case B2: a wrong Docker-Content-Digest', () => {
  const image = idx({ seed: 'claims', layerBytes: 64 });

  it.each(['other', 'none', 'right'] as const)(
    'or another one (%s) changes no digest, of a tag and of its children',
    async (digest) => {
      const saved = await save(image, { digest });
      expect(whyNot(saved)).toEqual([]);
      expect(saved.resolved.map((one) => one.digest)).toEqual([image.top]);
      expect(saved.copied.failures).toEqual(new Map());
      const notes = saved.resolved.flatMap((one) => one.notes).filter((note) => note.includes('says that'));
      expect(notes).toHaveLength(digest === 'other' ? 1 : 0);
    },
  );

  it('is an error for a pin, and a note where a child alone has it', async () => {
    const pinned = await save(image, { digest: 'other', pin: true });
    expect(whyNot(pinned)).toEqual([expect.stringMatching(/sent the bytes that were pinned, and says that/)]);
  });
});
