import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OciSaveError } from '../../src/errors.ts';
import {
  buildLock,
  encodeLock,
  type Lock,
  type LockedImage,
  type LockedReferrer,
  lockedImageSchema,
  parseLock,
  storedNames,
  whyUnstorable,
} from '../../src/lock/index.ts';
import { parseNamingRule } from '../../src/options/index.ts';
import { type Digest, digestOf, digestTag } from '../../src/oci/digest.ts';
import { OCI_INDEX, OCI_MANIFEST } from '../../src/oci/media-type.ts';
import { cosignTag } from '../../src/oci/referrer.ts';
import { formatPlatform, normalizePlatform } from '../../src/oci/platform.ts';
import { formatReference, parseReference } from '../../src/oci/reference.ts';
import { lockedImageOf } from '../../src/resolve/index.ts';
import { type Resolving, startResolving } from '../resolve/resolving.ts';
import * as fixtures from '../support/fixtures/index.ts';
import { jsonBytes } from '../support/image.ts';

const FILE = 'some/oci-save.lock.json';
const digest = (text: string): Digest => digestOf(new TextEncoder().encode(text));
const [top, leaf, config, layer] = ['top', 'leaf', 'config', 'layer'].map(digest) as [
  Digest,
  Digest,
  Digest,
  Digest,
];

function image(parts: Partial<LockedImage> = {}): LockedImage {
  return {
    ref: 'docker.io/library/busybox:1',
    names: ['docker.io/library/busybox:1'],
    source: 'docker',
    digest: top,
    mediaType: OCI_INDEX,
    root: leaf,
    rootMediaType: OCI_MANIFEST,
    platforms: ['linux/amd64'],
    leaves: [{ digest: leaf, mediaType: OCI_MANIFEST, platform: 'linux/amd64', config, layers: [layer] }],
    referrers: [],
    ...parts,
  };
}

const referrer = (parts: Partial<LockedReferrer> = {}): LockedReferrer => ({
  digest: config,
  mediaType: OCI_MANIFEST,
  subject: top,
  ...parts,
});

const lockOf = (...images: LockedImage[]): Lock => ({
  version: 1,
  images,
  files: [],
  blobs: Object.fromEntries([top, leaf, config, layer].map((one) => [one, 1])),
});

/** The error of a lock as JSON. */
const faultOf = (lock: unknown): OciSaveError => faultOfBytes(jsonBytes(lock));

function faultOfBytes(bytes: Uint8Array): OciSaveError {
  try {
    parseLock(bytes, FILE);
  } catch (error) {
    if (error instanceof OciSaveError) return error;
    throw error;
  }
  throw new Error('it is taken as a lock');
}

/** A lock that went through its bytes. */
const reread = (lock: Lock): Lock => parseLock(jsonBytes(lock), FILE);

describe('the names in a lock', () => {
  it.each([
    'docker.io/library/busybox:1',
    'localhost:5000/x:1',
    '[::1]:5000/x:latest',
    'REG/x:1',
    'busybox:1',
    'library/busybox:digest-0123456789ab',
    'a/b/c__d/e--f.g:V1.2_3-x',
    `${'a'.repeat(200)}:${'1'.repeat(128)}`,
  ])('may be %s', (name) => {
    const lock = lockOf(image({ names: [name] }));
    expect(reread(lock)).toEqual(lock);
  });

  it.each([
    'index.docker.io/library/busybox:1',
    'docker.io/busybox:1',
    'QUAY.io/x:1',
    'docker.io/../../trusted/base:1',
    '../x:1',
    'a//b:1',
    '/a:1',
    'a/:1',
    'a:1:2',
    'a b:1',
    'a?x:1',
    'a#x:1',
    'a%2e:1',
    String.raw`a\b:1`,
    'a\n:1',
    'a\t/b:1',
    'A/b/C:1',
    'a',
    'a:',
    ':1',
    '',
    `a:${'1'.repeat(129)}`,
    `a@${top}`,
    `a:1@${top}`,
    'a/index.json:1',
    'a/oci-layout/b:1',
    'a/blobs:1',
    'x.uploads/a:1',
    `${'a/'.repeat(127)}aa:1`,
    'registry.example/__proto__:1',
  ])('may not be %j', (name) => {
    const { code, message, hint } = faultOf(lockOf(image(), image({ names: ['docker.io/a/b:1', name] })));
    expect(code).toBe('usage');
    expect(message).toContain(`${FILE} is not a valid lock of version 1: images[1].names[1] `);
    expect(message).toContain('is not a valid stored name');
    expect(hint).toContain('Save the images again');
  });
});

describe('the other fields of a lock', () => {
  it.each<[string, Partial<LockedImage>]>([
    ['a reference with a digest', { ref: `docker.io/library/busybox:1@${top}` }],
    ['a local source with its stored name', { ref: 'busybox', source: 'docker-archive' }],
    ['a local source with a reference', { ref: 'docker.io/library/busybox', source: 'oci' }],
    [
      'a source without digest',
      { source: 'docker-archive', converted: {}, imageId: config, diffIds: [layer] },
    ],
    ['a conversion', { converted: { [digest('old')]: leaf } }],
    ['a build of Windows', { platforms: ['windows/amd64:10.0.17763.1'] }],
    ['an artifact', { platforms: [] }],
    ['a referrer', { referrers: [referrer({ artifactType: 'a/b; version=1' })] }],
    ['a signature of cosign', { referrers: [referrer({ tag: cosignTag(top, 'sig') })] }],
  ])('may have %s', (_, parts) => {
    const lock = lockOf(image(parts));
    expect(reread(lock)).toEqual(lock);
  });

  it.each<[string, string, unknown]>([
    ['a reference without tag or digest', 'images[0].ref is', image({ ref: 'docker.io/library/x' })],
    ['a reference without its registry', 'images[0].ref is', image({ ref: 'x:1' })],
    ['a path of a machine', 'images[0].ref is', image({ ref: 'oci:/home/x:1', source: 'oci' })],
    ['another platform', 'images[0].platforms[0] is', image({ platforms: ['amd64'] })],
    ['a platform with an alias', 'images[0].platforms[0] is', image({ platforms: ['linux/x86_64'] })],
    ['a platform with a blank', 'images[0].platforms[0] is', image({ platforms: ['linux/amd64:1 2'] })],
    [
      'a platform of a leaf',
      'images[0].leaves[0].platform is',
      image({
        leaves: [{ digest: leaf, mediaType: OCI_MANIFEST, platform: 'linux', config, layers: [] }],
      }),
    ],
    [
      'a leaf that is an index',
      'images[0].leaves[0].mediaType is',
      image({
        leaves: [{ digest: leaf, mediaType: OCI_INDEX, config, layers: [] }],
      }),
    ],
    ['another media type', 'images[0].mediaType is', image({ mediaType: 'text/html' })],
    ['another type of the root', 'images[0].rootMediaType is', image({ rootMediaType: '' })],
    ['an unknown source', 'images[0].source has a value', { ...image(), source: 'file' }],
    ['no name', 'images[0].names is smaller', image({ names: [] })],
    ['another digest', 'images[0].digest is', { ...image(), digest: `sha256:${'A'.repeat(64)}` }],
    ['a conversion of no digest', `images[0].converted['../x'] is`, image({ converted: { '../x': leaf } })],
    ['other digests of layers', 'images[0].diffIds[0] is', image({ diffIds: ['x'] })],
    [
      'a field too many',
      `images[0] has a field that the format does not know: 'evil'`,
      { ...image(), evil: 1 },
    ],
    ['another type', 'images[0] is missing, or of another type', 7],
    [
      'F6: a referrer under the tag of another subject',
      'images[0].referrers[0].tag is not the tag of its subject',
      image({ referrers: [referrer({ tag: cosignTag(leaf, 'sig') })] }),
    ],
    [
      'F6: a referrer under any tag',
      'images[0].referrers[0].tag is not a valid tag of cosign',
      image({ referrers: [referrer({ tag: '../1' })] }),
    ],
    [
      'F6: a referrer of another type',
      'images[0].referrers[0].artifactType is not a valid media type',
      image({ referrers: [referrer({ artifactType: '<b>' })] }),
    ],
    [
      'F6: a referrer of what is not there',
      'images[0].referrers[0].subject is not among the blobs',
      image({ referrers: [referrer({ subject: digest('other') })] }),
    ],
  ])('may not have %s', (_, words, wrong) => {
    const { message } = faultOf({ ...lockOf(image()), images: [wrong] });
    expect(message).toContain(`${FILE} is not a valid lock of version 1: ${words}`);
  });

  it.each([
    ['../x', false],
    ['/etc/passwd', false],
    ['a/../b', false],
    ['a//b', false],
    ['', false],
    ['C:/x', false],
    [String.raw`a\b`, false],
    ['a\nb', false],
    ['a\u202Eb', false],
    [`${'a/'.repeat(600)}a`, false],
    ['charts/site values (1).yaml', false],
    ['charts/site-1.2.tgz', true],
    ['größe/a b.txt', true],
  ])('of a file path %j: %s', (path, ok) => {
    const lock = { ...lockOf(image()), files: [{ path, digest: layer, size: 1 }] };
    if (ok) expect(reread(lock)).toEqual(lock);
    else expect(faultOf(lock).message).toContain('files[0].path is not a valid relative path');
  });

  it.each([
    [top, 'images[0].digest'],
    [leaf, 'images[0].root'],
    [config, 'images[0].leaves[0].config'],
    [layer, 'images[0].leaves[0].layers[0]'],
  ])('each blob that an image names stands among the blobs: %s', (missing, field) => {
    const lock = lockOf(image());
    const { [missing]: _, ...blobs } = lock.blobs;
    expect(faultOf({ ...lock, blobs }).message).toContain(`${field} is not among the blobs: '${missing}'`);
  });

  it.each([[-1], [1.5], [2 ** 53], ['1'], [null]])('no blob has %j bytes', (size) => {
    const lock = lockOf(image());
    expect(faultOf({ ...lock, blobs: { ...lock.blobs, [top]: size } }).message).toContain(
      `blobs['${top}'] is `,
    );
  });

  it('is shown escaped and cut where it is untrusted', () => {
    const { message } = faultOf(lockOf(image({ ref: `${'a'.repeat(90)}\u001b[2J\n\u202E` })));
    expect(message).not.toMatch(/\p{C}/u);
    expect(message.length).toBeLessThan(250);
  });

  it('has no words of the JSON parser', () => {
    const fault = faultOfBytes(new TextEncoder().encode('{"version": \u001b[2J'));
    expect([fault.code, fault.cause]).toEqual(['usage', undefined]);
    expect(fault.message).toBe(`${FILE} is not a valid lock: it is not JSON`);
  });
});

const component = fc.stringMatching(/^[a-z0-9]{1,8}(?:[._]|__|-{1,3})?[a-z0-9]{1,8}$/);
const domain = fc.oneof(
  fc.constantFrom(
    'docker.io',
    'ghcr.io',
    'localhost',
    'localhost:5000',
    '[::1]:5000',
    'REG',
    'index.docker.io',
  ),
  fc.tuple(component, fc.constantFrom('.example', '.io:443')).map((parts) => parts.join('')),
);
const reference = fc
  .record({
    domain,
    path: fc.array(component, { minLength: 1, maxLength: 4 }),
    tag: fc.option(fc.stringMatching(/^\w[\w.-]{0,20}$/), { nil: undefined }),
    pinned: fc.boolean(),
  })
  .filter(({ domain: host }) => !host.includes('_'))
  .map(({ path, pinned, tag, ...rest }) =>
    parseReference(
      `${rest.domain}/${path.join('/')}${tag === undefined && !pinned ? ':latest' : tag === undefined ? '' : `:${tag}`}${pinned ? `@${top}` : ''}`,
    ),
  );
const rules = fc.subarray(
  [
    'keep-domain',
    'strip-domain',
    'strip-library',
    'docker.io/=Mirror.example/hub/',
    'ghcr.io=docker.io',
    'docker.io=b',
  ],
  { minLength: 1 },
);
const word = fc.stringMatching(/^[A-Za-z0-9_-]{1,10}$/);
const platform = fc
  .oneof(
    fc.constantFrom('linux', 'windows', 'macos').chain((os) =>
      fc.record({
        os: fc.constant(os),
        architecture: fc.constantFrom('amd64', 'aarch64', 'armhf', 'arm', 's390x'),
      }),
    ),
    fc.record({
      os: word,
      architecture: word.filter(
        (text) => !/^(?:linux|windows|darwin|macos|freebsd|wasi|android)$/i.test(text),
      ),
      variant: fc.option(word, { nil: undefined }),
    }),
  )
  .map((parts) => formatPlatform(normalizePlatform(parts)));

describe('what this tool writes', () => {
  it('parses again, byte for byte: images of any list, under any naming', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(reference, rules, platform), { maxLength: 6 }), (wanted) => {
        const inputs = wanted.flatMap(([asked, naming, built], at) => {
          const own = digest(`image ${at}`);
          const stored = storedNames(asked, naming.map(parseNamingRule));
          const names = (stored.length > 0 ? stored : ['x.example/y']).map(
            (name) => `${name}:${at}${asked.tag ?? digestTag(own)}`,
          );
          // Such names are refused with the list's line, before anything is asked.
          if (stored.some((name) => whyUnstorable(name) !== undefined)) return [];
          const built1 = {
            digest: own,
            mediaType: OCI_MANIFEST,
            platform: built,
            config,
            layers: [layer, layer],
          };
          const parts = {
            ref: formatReference(asked),
            names,
            root: own,
            platforms: [built],
            leaves: [built1],
          };
          const sizes = new Map<Digest, number>([top, own, config, layer].map((one) => [one, 10]));
          return [{ image: image(parts), sizes, origins: [] }];
        });
        const lock = buildLock(inputs);
        expect(parseLock(encodeLock(lock), FILE)).toEqual(lock);
      }),
    );
  });

  let bench: Resolving;
  beforeAll(async () => {
    bench = await startResolving();
  });
  afterAll(() => bench.close());

  const KINDS = {
    one: fixtures.one(),
    d2: fixtures.d2(),
    idx: fixtures.idx(),
    dlist: fixtures.dlist(),
    nested: fixtures.nested(),
    att: fixtures.att(),
    windows: fixtures.windows(),
    untyped: fixtures.withoutMediaType(),
    chart: fixtures.chart(),
    artifact: fixtures.emptyConfigArtifact(),
  };
  it.each(
    Object.entries(KINDS).flatMap(([name, kind]) => [
      [name, 'whole', kind, {}] as const,
      [name, 'converted', kind, { format: 'oci' }] as const,
      [
        name,
        'narrowed',
        kind,
        { index: 'narrow', platforms: name === 'windows' ? 'windows/amd64' : 'linux/amd64' },
      ] as const,
    ]),
  )('parses again, and each image passes alone: %s, %s', async (name, _, kind, options) => {
    const resolved = await bench.resolve(kind, `registry.example/fx/${name}:1`, options);
    const locked = lockedImageOf(resolved);
    expect(lockedImageSchema.parse(locked)).toEqual(locked);
    const lock = bench.lock(resolved);
    expect(parseLock(encodeLock(lock), FILE)).toEqual(lock);
  });
});

type Path = readonly (string | number)[];

/** Every place in a JSON value. */
function pathsIn(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  return [
    path,
    ...Object.entries(value).flatMap(([key, inner]) =>
      pathsIn(inner, [...path, Array.isArray(value) ? Number(key) : key]),
    ),
  ];
}

function replaced(value: unknown, [key, ...rest]: Path, change: (old: unknown) => unknown): unknown {
  if (key === undefined) return change(value);
  if (Array.isArray(value))
    return value.map((one: unknown, at) => (at === key ? replaced(one, rest, change) : one));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      name === key ? replaced(inner, rest, change) : inner,
    ]),
  );
}

describe('a lock with any field changed', () => {
  const lock = lockOf(image({ converted: { [digest('old')]: leaf }, imageId: config, diffIds: [layer] }));
  const places = pathsIn({ ...lock, files: [{ path: 'a/b', digest: layer, size: 1 }] });
  const texts = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.constantFrom('../..', 'a\n', '\u001b[2J', '__proto__'),
  );

  it('is taken, or refused in our own printable words', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...places),
        fc.oneof(texts, fc.jsonValue()),
        fc.boolean(),
        (place, value, asKey) => {
          const changed = replaced(lock, place, (old) =>
            asKey && typeof old === 'object' && old !== null
              ? { ...old, [typeof value === 'string' ? value : 'more']: value }
              : value,
          );
          try {
            parseLock(jsonBytes(changed), FILE);
          } catch (error) {
            if (!(error instanceof OciSaveError)) throw error;
            expect(error.code).toBe('usage');
            expect(error.message).toMatch(/^some\/oci-save\.lock\.json is not a valid lock/);
            expect(error.message).not.toMatch(
              /[\p{C}\p{Zl}\p{Zp}]|expected|received|invalid input|unrecognized/iu,
            );
            expect(error.message.length).toBeLessThan(1000);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});
