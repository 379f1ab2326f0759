import { beforeAll, describe, expect, it } from 'vitest';
import { messageOf, OciSaveError } from '../../src/errors.ts';
import { type Digest, digestOf, shortDigest } from '../../src/oci/digest.ts';
import { OCI_LAYER } from '../../src/oci/media-type.ts';
import { type BadRegistry, MANIFESTS } from '../support/bad-registry.ts';
import {
  att,
  buildImage,
  chart,
  dlist,
  dockerWithOciLayer,
  dockerZstd,
  emptyConfigArtifact,
  filledLayer,
  foreign,
  idx,
  one,
  uncompressed,
  withoutMediaType,
  zst,
} from '../support/fixtures/index.ts';
import { descriptorOf, type Image, largestBlobOf } from '../support/image.ts';
import { type BadSource, type Saved, startBadSource, whyNot } from './bad-source.ts';

/** Above a MiB, so that skopeo moves it. */
const LARGE = 1_300_000;
/** Each test has a store of its own: they need no images of their own. */
const attested = att({ layerBytes: LARGE });
const large = one({ layerBytes: LARGE });
const USER = { username: 'puller', password: 'correct horse battery staple' };
const FOREIGN = { seed: 'foreign', layerBytes: LARGE };
const COMPLETES = 'the built-in client completes it';

let registry: BadRegistry;
let save: BadSource['save'];
beforeAll(async () => {
  ({ registry, save } = await startBadSource());
});

const blobGets = (digest: Digest): number =>
  registry.requests({ method: 'GET', kind: 'blob', reference: digest }).filter(({ status }) => status < 300)
    .length;

/** What failed, in words, and the digests of what is there: those that the registry served. */
function outcomeOf(saved: Saved): string[] {
  const lost = [...saved.copied.failures.values()].map(messageOf);
  return [...whyNot(saved), ...lost, ...saved.resolved.map(({ digest }) => digest)];
}

/** What skopeo was to bring and could not, our own client brings, and the log says so. */
function expectCompleted({ said }: Saved, isCompleted: boolean): void {
  expect(said.some((message) => message.includes(COMPLETES))).toBe(isCompleted);
}

describe.each(['skopeo', 'direct'] as const)('by the copier %s', (copier) => {
  const bySkopeo = copier === 'skopeo';

  it('N6, case A4: one of three layers that is cut twice comes at the third attempt, and the others once', async () => {
    const layers = ['a', 'b', 'c'].map((name) => filledLayer(name, LARGE));
    const [cut, ...whole] = layers.map(({ bytes }) => digestOf(bytes));
    const fault = { path: new RegExp(cut!), times: 2, failure: { kind: 'cut', at: 0.6 } } as const;
    const image = buildImage({ layers });
    const saved = await save(image, { copier, retries: 2, faults: [fault] });
    expect(outcomeOf(saved)).toEqual([image.top]);
    expectCompleted(saved, bySkopeo);
    expect(blobGets(cut!)).toBe(3);
    if (!bySkopeo) expect(whole.map(blobGets)).toEqual([1, 1]);
    const words = `${registry.host}/case\\d+, blob ${shortDigest(cut!)}: ${registry.host} .* after \\d+ of \\d+ bytes`;
    expect(saved.said.join('\n')).toMatch(
      new RegExp(`${words}; \\d+ of \\d+ bytes are here, attempt 2 of 3`),
    );
  });

  it('N6, case A5: a layer that goes silent is given up in its time, and comes', async () => {
    const image = large;
    const fault = {
      path: new RegExp(largestBlobOf(image)),
      times: 1,
      failure: { kind: 'stall', at: 0.5 },
    } as const;
    const saved = await save(image, { copier, stallMilliseconds: 300, faults: [fault] });
    expect(outcomeOf(saved)).toEqual([image.top]);
    expect(saved.said.join('\n')).toMatch(/no byte (?:came )?for 0 s/);
    expectCompleted(saved, bySkopeo);
  });

  it('N6, case A6: a token service that answers 503 twice, and a registry 502 once, cost attempts alone', async () => {
    const image = large;
    const faults = [
      { path: /^\/token/, times: 2, failure: { kind: 'status', status: 503 } },
      { path: MANIFESTS, times: 1, failure: { kind: 'status', status: 502 } },
    ] as const;
    const auth = { scheme: 'bearer', users: [USER] } as const;
    const saved = await save(image, {
      copier,
      retries: 3,
      login: USER,
      auth,
      faults,
      later: { auth, faults },
    });
    expect(outcomeOf(saved)).toEqual([image.top]);
    expectCompleted(saved, bySkopeo);
  });

  it('N6, case B3: manifests under a type that does not say their kind keep their bytes and their own type', async () => {
    const index = idx({ layerBytes: LARGE });
    const octets = await save(index, { copier, type: { value: 'application/octet-stream' } });
    expect(outcomeOf(octets)).toEqual([index.top]);
    // It cannot read what it is: "unsupported schema version 2".
    expectCompleted(octets, bySkopeo);
    const docker = dlist({ layerBytes: LARGE });
    const charset = await save(docker, { copier, type: { parameters: 'charset=utf-8' } });
    expect(outcomeOf(charset)).toEqual([docker.top]);
    expectCompleted(charset, false);
    expect(charset.resolved.map(({ mediaType }) => mediaType)).toEqual([
      'application/vnd.docker.distribution.manifest.list.v2+json',
    ]);
  });

  it.each([
    ['to another port, which refuses credentials', { of: 'both', refuses: 'authorization' }],
    ['to another path', { of: 'both', location: 'relative' }],
  ] as const)('case B4: content that is redirected %s comes', async (_, redirect) => {
    const image = large;
    const auth = { scheme: 'basic', users: [USER] } as const;
    const saved = await save(image, { copier, auth, redirect, login: USER });
    expect(outcomeOf(saved)).toEqual([image.top]);
    expectCompleted(saved, false);
    const elsewhere = registry.requests().filter(({ port }) => port === 'second');
    expect(elsewhere.filter(({ authorization }) => authorization)).toEqual([]);
    expect(elsewhere.length > 0).toBe(!('location' in redirect));
  });

  it('N1, case B5: a HEAD that is refused behind a redirect is no refusal of the image', async () => {
    const image = large;
    const saved = await save(image, { copier, redirect: { of: 'both', refuses: 'head' } });
    expect(outcomeOf(saved)).toEqual([image.top]);
  });

  it.each([
    ['two lines, Negotiate and Basic', { scheme: 'negotiate+basic' }, false],
    ['one line, Basic and Bearer', { scheme: 'both', oneLine: true }, true],
  ] as const)('N4, N6, case B9: challenges in %s are answered', async (_, scheme, isTooMuch) => {
    const image = large;
    const saved = await save(image, { copier, login: USER, auth: { ...scheme, users: [USER] } });
    expect(outcomeOf(saved)).toEqual([image.top]);
    // skopeo reads the first challenge of a line alone (1.9.3).
    if (!isTooMuch) expectCompleted(saved, false);
  });

  it.each([
    ['as access_token', { field: 'access_token' }],
    ['without a lifetime', { saysLifetime: false }],
    ['for two seconds', { lifetime: 2 }],
  ] as const)('T2, N4, case B10: a token that is given %s is used', async (_, token) => {
    const image = large;
    const auth = { scheme: 'bearer', users: [USER], token } as const;
    expect(outcomeOf(await save(image, { copier, login: USER, auth }))).toEqual([image.top]);
  });

  it('found J1: a registry that refuses a token as too fresh is asked with a second one', async () => {
    const auth = { scheme: 'bearer', users: [USER], token: { unsettled: true } } as const;
    const saved = await save(large, { copier, login: USER, auth });
    expect(outcomeOf(saved)).toEqual([large.top]);
    // skopeo asks for no second one.
    expectCompleted(saved, bySkopeo);
    expect(saved.said.some((message) => message.includes('error: '))).toBe(false);
  });

  it('case A7: of six images whose layers fail in four ways, two are saved, and each failure has its class', async () => {
    const images = ['none', 'denied', 'wrong', 'cut', 'a', 'b'].map((name) =>
      one({ seed: `a7 ${name}`, layerBytes: LARGE }),
    );
    const [none, denied, wrong, cut, ...good] = images.map(largestBlobOf);
    const saved = await save(images, {
      copier,
      retries: 0,
      faults: [
        { path: new RegExp(none!), failure: { kind: 'status', status: 404 } },
        { path: new RegExp(denied!), failure: { kind: 'status', status: 403 } },
        { path: new RegExp(wrong!), failure: { kind: 'flip' } },
        { path: new RegExp(cut!), failure: { kind: 'cut', at: 0.5 } },
      ],
    });
    const { failures, movers } = saved.copied;
    const codeOf = (digest: Digest | undefined): unknown => {
      const error = digest && failures.get(digest);
      return error instanceof OciSaveError ? error.code : error;
    };
    expect([none, denied, wrong, cut].map(codeOf)).toEqual(['not-found', 'denied', 'digest', 'network']);
    expect(failures.size).toBe(4);
    expect(good.map((digest) => movers.get(digest))).toEqual([copier, copier]);
  });

  it.each<[string, (options: { seed: string; layerBytes: number }) => Image, boolean]>([
    ['case C3: zstd layers without annotations', zst, false],
    ['case C4: zstd layers in Docker’s manifest', dockerZstd, true],
    ['case C5: a layer of OCI’s type in Docker’s manifest', dockerWithOciLayer, true],
    ['case C5: no mediaType at the top', withoutMediaType, false],
    ['case C5: uncompressed layers', uncompressed, false],
    ['case C5: a config of no type', octetConfig, false],
  ])('%s: comes bit for bit, whoever can copy it', async (_, build, isTooMuch) => {
    const image = build({ seed: 'odd', layerBytes: LARGE });
    const saved = await save(image, { copier, pin: true });
    expect(outcomeOf(saved)).toEqual([image.top]);
    expectCompleted(saved, bySkopeo && isTooMuch);
  });

  it('case C1: of an image with attestations only those of the wanted platform come, and they are no platforms', async () => {
    const saved = await save(attested, { copier, platforms: 'linux/amd64' });
    expect(outcomeOf(saved)).toEqual([attested.top]);
    const [image] = saved.resolved;
    expect(image?.platforms).toEqual(['linux/amd64']);
    expect(image?.leaves).toHaveLength(2);
    expect(image?.notes.join()).not.toContain('unknown');
  });

  it.each([
    ['the registry has', true],
    ['its address alone has', false],
  ])(
    'case C8: a foreign layer that %s is in the save, which skopeo leaves out in silence',
    async (_, held) => {
      const at = `http://${registry.otherHost}/v2/publisher${copier}/blobs/`;
      const layer = foreign({ ...FOREIGN, urls: [], held: true }).layer.digest;
      const parts = { ...FOREIGN, urls: [at + layer] };
      registry.put(`publisher${copier}`, foreign({ ...parts, held: true }).image);
      const { image } = foreign({ ...parts, held });
      const saved = await save(image, { copier });
      expect(outcomeOf(saved)).toEqual([image.top]);
      expect(saved.copied.movers.get(layer)).toBe('direct');
    },
  );

  it.each<[string, (options: { seed: string }) => Image]>([
    ['a chart', chart],
    ['an artifact with the empty config', emptyConfigArtifact],
  ])('case D1: %s has no platform, and comes as it is', async (_, build) => {
    const image = build({ seed: copier });
    const saved = await save(image, { copier, platforms: 'linux/amd64' });
    expect(outcomeOf(saved)).toEqual([image.top]);
    expect(saved.resolved.map(({ platforms }) => platforms)).toEqual([[]]);
  });
});

/** Above a MiB, of Docker's type, with a config that tells nothing of itself. */
function octetConfig({ seed, layerBytes }: { seed: string; layerBytes: number }): Image {
  const layer = filledLayer(seed, layerBytes);
  const image = buildImage({ layers: [layer] });
  const config = [...image.blobs.values()].find((bytes) => bytes !== layer.bytes) ?? new Uint8Array();
  const octets = descriptorOf('application/octet-stream', config);
  return buildImage({
    layers: [layer],
    manifest: { config: octets, layers: [descriptorOf(`${OCI_LAYER}+gzip`, layer.bytes)] },
  });
}

it('case C8: a foreign layer that nobody has fails its image alone, with its address', async () => {
  const { image, layer } = foreign({ seed: 'nobody', urls: [`http://${registry.otherHost}/v2/no/blobs/x`] });
  const saved = await save([image, one({ seed: 'beside' })]);
  expect([...saved.copied.failures.keys()]).toEqual([layer.digest]);
  expect([...saved.copied.failures.values()].map(String)).toEqual([
    expect.stringMatching(/is neither in the registry nor at http:\/\/127\.0\.0\.1:\d+\/v2\/no\/blobs\/x/),
  ]);
});

it.each([403, 404, 405, 501])(
  'N1, case B1: a registry that answers HEAD by %i is asked so once, by a burst too',
  async (head) => {
    const images = ['a', 'b', 'c'].map((name) => one({ seed: name, layerBytes: 100 }));
    const saved = await save(images, { head });
    expect(outcomeOf(saved)).toEqual(images.map(({ top }) => top));
    // Those that were under way at once.
    expect(registry.requests({ method: 'HEAD', kind: 'manifest' }).length).toBeLessThanOrEqual(3);
  },
);
