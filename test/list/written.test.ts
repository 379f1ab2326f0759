import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  entryOf,
  formatSource,
  LIST_FORMS,
  parseList,
  type WritableImage,
  writeList,
} from '../../src/list/index.ts';
import type { LockedImage } from '../../src/lock/index.ts';
import { formatPlatform, parsePlatform } from '../../src/oci/platform.ts';
import { parseReference } from '../../src/oci/reference.ts';
import { failureOf } from '../support/failure.ts';

const read = (text: string, format = 'auto') =>
  parseList(new TextEncoder().encode(text), 'written', { format, defaultRegistry: 'other.example' });
const formOf = (name: string) => {
  const form = LIST_FORMS.find((one) => one.name === name);
  if (form === undefined) throw new Error(`no form ${name}`);
  return form;
};

const hex = fc.stringMatching(/^[0-9a-f]{64}$/);
const word = fc.stringMatching(/^[a-z][a-z0-9]{0,5}(?:[._-][a-z0-9]{1,4})?$/);
const domain = fc.constantFrom('docker.io', 'quay.io', 'localhost:5000', 'registry.example', '[::1]:5000');
const tag = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,12}$/);
const name = fc.record({ domain, parts: fc.array(word, { minLength: 1, maxLength: 3 }) }).map((one) => {
  const path = one.parts.join('/');
  return {
    domain: one.domain,
    path: one.domain === 'docker.io' && !path.includes('/') ? `library/${path}` : path,
  };
});
const tagged = fc.record({ name, tag }).map((one) => ({ ...one.name, tag: one.tag }));
const digest = hex.map((text) => `sha256:${text}` as const);
const pinned = fc
  .record({ name, tag: fc.option(tag, { nil: undefined }), digest })
  .map((one) => ({ ...one.name, ...(one.tag === undefined ? {} : { tag: one.tag }), digest: one.digest }));
const otherwisePinned = fc
  .record({ tagged, hex })
  .map((one) => ({ ...one.tagged, otherDigest: `sha512:${one.hex}${one.hex}` }));
const platforms = fc.option(
  fc.oneof(
    fc.constant('all' as const),
    fc
      .uniqueArray(
        fc.constantFrom(
          'linux/amd64',
          'linux/arm64',
          'linux/arm/v7',
          'windows/amd64:10.0.17763.1',
          'linux/riscv64',
        ),
        { minLength: 1 },
      )
      .map((texts) => texts.map(parsePlatform)),
  ),
  { nil: undefined },
);
const storedAs = fc.array(tagged, { maxLength: 3 });
// `oci://` is how Helm writes a reference.
const path = fc.stringMatching(/^(?:\/|\.\/|\.\.\/)?[a-z0-9][a-z0-9./_-]{0,20}[a-z0-9]$/);
const registrySource = (reference: fc.Arbitrary<ReturnType<typeof parseReference>>) =>
  reference.map((one) => ({ transport: 'docker' as const, reference: one }));
const localSource = fc.oneof(
  fc.record({ transport: fc.constant('docker-archive' as const), path }),
  fc.record({ transport: fc.constant('docker-archive' as const), path, reference: tagged }),
  fc.record({ transport: fc.constant('oci' as const), path }),
  fc.record({ transport: fc.constant('oci' as const), path, name: tag }),
);
const imagesFrom = (source: fc.Arbitrary<WritableImage['source']>) =>
  fc.uniqueArray(fc.record({ source, platforms, storedAs }), {
    maxLength: 8,
    // One form has an entry for each platform: there, two entries of one image become one.
    selector: ({ source: one, storedAs: names }) => JSON.stringify([one, names]),
  });

const SOURCES = {
  yaml: fc.oneof(registrySource(fc.oneof(tagged, pinned, otherwisePinned)), localSource),
  plain: fc.oneof(registrySource(fc.oneof(tagged, pinned, otherwisePinned)), localSource),
  sealer: registrySource(fc.oneof(tagged, pinned, otherwisePinned)),
  imageslock: registrySource(fc.oneof(pinned, otherwisePinned)),
};

describe('found F4, F6, L22: images that are written as a list', () => {
  it.each(Object.entries(SOURCES))('are the same requests when it is read: %s', (formName, source) => {
    const form = formOf(formName);
    fc.assert(
      fc.property(imagesFrom(source), (images) => {
        const text = writeList(images, form);
        const named = read(text, form.format);
        expect(named.rejects).toEqual([]);
        const got = named.requests.map(({ source: one, platforms: choice, storedAs: names }) => ({
          source: one,
          platforms: choice,
          storedAs: names,
        }));
        expect(got).toEqual(images);
        if (images.length > 0)
          expect(read(text)).toMatchObject({ format: form.format, requests: named.requests });
      }),
      { numRuns: 150 },
    );
  });

  const at = (text: string, more: Partial<WritableImage> = {}): WritableImage => ({
    source: { transport: 'docker', reference: parseReference(text) },
    platforms: undefined,
    storedAs: [],
    ...more,
  });
  const DIGEST = `sha256:${'a'.repeat(64)}`;
  const SAMPLE = [
    at('busybox:1.36'),
    at(`quay.io/acme/db:2@${DIGEST}`, {
      platforms: [parsePlatform('linux/amd64'), parsePlatform('windows/amd64:10.0.17763.1')],
      storedAs: [parseReference('registry.example/db:2'), parseReference('localhost:5000/db:two')],
    }),
    at(`quay.io/acme/agent@${DIGEST}`, { platforms: 'all' }),
  ];

  it.each([
    [
      'plain',
      [
        'docker.io/library/busybox:1.36',
        `--platform=linux/amd64,windows/amd64:10.0.17763.1 quay.io/acme/db:2@${DIGEST} => registry.example/db:2, localhost:5000/db:two`,
        `--platform=all quay.io/acme/agent@${DIGEST}`,
        '',
      ],
    ],
    [
      'yaml',
      [
        'images:',
        '  - image: docker.io/library/busybox:1.36',
        `  - image: quay.io/acme/db:2@${DIGEST}`,
        '    platforms: [linux/amd64, windows/amd64:10.0.17763.1]',
        '    as: [registry.example/db:2, localhost:5000/db:two]',
        `  - image: quay.io/acme/agent@${DIGEST}`,
        '    platforms: all',
        '',
      ],
    ],
  ])('are read by people, too: %s', (name, lines) => {
    expect(writeList(SAMPLE, formOf(name)).split('\n')).toEqual(lines);
  });

  it('have annotations in an ImagesLock for what it has no field for', () => {
    expect(writeList(SAMPLE.slice(1), formOf('imageslock')).split('\n')).toEqual([
      'apiVersion: imgpkg.carvel.dev/v1alpha1',
      'kind: ImagesLock',
      'images:',
      `- image: quay.io/acme/db@${DIGEST}`,
      '  annotations:',
      '    kbld.carvel.dev/id: quay.io/acme/db:2',
      '    oci-save/platforms: "linux/amd64,windows/amd64:10.0.17763.1"',
      '    oci-save/names: "registry.example/db:2,localhost:5000/db:two"',
      `- image: quay.io/acme/agent@${DIGEST}`,
      '  annotations:',
      '    oci-save/platforms: "all"',
      '',
    ]);
  });

  it('O9: are what sealer reads, image, appName and platform, with keys of ours for the rest', () => {
    const [busybox, ...others] = JSON.parse(writeList(SAMPLE, formOf('sealer')));
    expect(busybox).toEqual({ image: 'docker.io/library/busybox:1.36', appName: '' });
    const db = {
      image: 'quay.io/acme/db:2',
      appName: '',
      digest: DIGEST,
      names: ['registry.example/db:2', 'localhost:5000/db:two'],
    };
    expect(others).toEqual([
      { ...db, platform: { architecture: 'amd64', os: 'linux' } },
      { ...db, platform: { architecture: 'amd64', os: 'windows', 'os.version': '10.0.17763.1' } },
      { image: `quay.io/acme/agent@${DIGEST}`, appName: '', allPlatforms: true },
    ]);
  });

  const layout = {
    source: { transport: 'oci' as const, path: './a b', name: 'x' },
    platforms: undefined,
    storedAs: [],
  };
  it.each<[string, WritableImage[], RegExp, string]>([
    [
      'plain',
      [layout],
      /^'oci:\.\/a b:x' cannot be written to a plain list: it contains a blank/,
      'Use --as json or --as yaml.',
    ],
    [
      'sealer',
      [layout],
      /it comes from a file, and this form only names images of registries$/,
      'Use --as json or --as yaml.',
    ],
    [
      'imageslock',
      SAMPLE,
      /^'docker.io\/library\/busybox:1.36' cannot be written to an ImagesLock: it has no digest/,
      'Use --as json or --as yaml or --as plain or --as sealer.',
    ],
    [
      'plain',
      [{ ...layout, source: { transport: 'oci', path: './a => x:1,y' } }, layout],
      /^2 images cannot be written:\n {2}'oci:/,
      'Use --as json or --as yaml.',
    ],
    [
      'plain',
      [{ ...layout, source: { transport: 'docker-archive', path: 'a=>b.tar' } }],
      /'docker-archive:a=>b\.tar' cannot be written to a plain list: .*b\.tar/,
      'Use --as json or --as yaml.',
    ],
  ])('are named where the form cannot have them: %s', async (name, images, message, hint) => {
    const error = await failureOf(async () => writeList(images, formOf(name)));
    expect(error).toMatchObject({ code: 'usage', message: expect.stringMatching(message), hint });
  });
});

describe('L22: more images than a list may have', () => {
  it('are not written: no save would read them again', async () => {
    const long = Array.from({ length: 20 }, (_, at) => ({
      domain: 'x.example',
      path: `${'a'.repeat(230)}${at}`,
      tag: '1',
    }));
    const one: WritableImage = {
      source: { transport: 'docker', reference: parseReference('quay.io/a/b:1') },
      platforms: undefined,
      storedAs: long,
    };
    const images = Array.from({ length: 3600 }, () => one);
    const error = await failureOf(async () => writeList(images, formOf('plain')));
    expect(error).toMatchObject({
      code: 'usage',
      message: '3600 images are too many for a plain list: it is larger than 16 MiB, which no list is',
    });
  });

  it('are told by the bound that they meet', async () => {
    const long = Array.from({ length: 20 }, (_, at) => ({
      domain: 'x.example',
      path: `${'a'.repeat(230)}${at}`,
      tag: '1',
    }));
    const image: WritableImage = {
      source: { transport: 'docker', reference: parseReference('quay.io/a/b:1') },
      platforms: undefined,
      storedAs: long,
    };
    const error = await failureOf(async () => writeList([image], formOf('plain')));
    expect(error).toMatchObject({
      code: 'usage',
      message: `'quay.io/a/b:1' cannot be written to a plain list: this entry is longer than 4096 characters`,
    });
  });
});

describe('L22: an image of a lock, as an entry of a list', () => {
  const DIGEST = `sha256:${'d'.repeat(64)}` as const;
  const CHILD = `sha256:${'c'.repeat(64)}` as const;
  const INDEX = 'application/vnd.oci.image.index.v1+json';
  const leaf = (platform?: string, attests?: typeof CHILD) => ({
    digest: CHILD,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    ...(platform === undefined ? {} : { platform }),
    ...(attests === undefined ? {} : { attests }),
    config: CHILD,
    layers: [],
  });
  const locked = (more: Partial<LockedImage>): LockedImage => ({
    ref: 'quay.io/a/b:1',
    names: ['quay.io/a/b:1'],
    source: 'docker',
    digest: DIGEST,
    mediaType: INDEX,
    root: DIGEST,
    rootMediaType: INDEX,
    platforms: ['linux/amd64', 'linux/arm64'],
    leaves: [leaf('linux/amd64'), leaf('linux/arm64'), leaf('unknown/unknown', CHILD)],
    referrers: [],
    ...more,
  });
  const shown = (image: LockedImage) => {
    const entry = entryOf(image);
    if (typeof entry === 'string') return entry;
    const { source, platforms: choice, storedAs: names } = entry;
    return [
      formatSource(source),
      choice === undefined || choice === 'all' ? choice : choice.map(formatPlatform),
      names.map((reference) => `${reference.path}:${reference.tag}`),
    ];
  };
  const BOTH = ['linux/amd64', 'linux/arm64'];

  it.each<[string, Partial<LockedImage>, unknown]>([
    ['by its tag and digest, for its platforms', {}, [`quay.io/a/b:1@${DIGEST}`, BOTH, []]],
    ['sparse', { root: CHILD }, [`quay.io/a/b:1@${DIGEST}`, BOTH, []]],
    [
      'without a platform',
      { platforms: [], leaves: [leaf()], mediaType: 'x' },
      [`quay.io/a/b:1@${DIGEST}`, undefined, []],
    ],
    [
      'of an index with a child without a platform',
      { leaves: [leaf('linux/amd64'), leaf()] },
      [`quay.io/a/b:1@${DIGEST}`, 'all', []],
    ],
    [
      'of an index with two children of one platform',
      { leaves: [leaf('linux/amd64'), leaf('linux/amd64')] },
      [`quay.io/a/b:1@${DIGEST}`, 'all', []],
    ],
    [
      'of an index of which such a child was not taken',
      { leaves: [leaf('linux/amd64'), leaf('linux/amd64')], root: CHILD },
      [`quay.io/a/b:1@${DIGEST}`, BOTH, []],
    ],
    [
      'by its digest alone, under the tag that this gives',
      { ref: `quay.io/a/b@${DIGEST}`, names: ['quay.io/a/b:digest-dddddddddddd'] },
      [`quay.io/a/b@${DIGEST}`, BOTH, []],
    ],
    [
      'under several names, its own among them',
      { names: ['quay.io/a/b:1', 'registry.example/c:2'] },
      [`quay.io/a/b:1@${DIGEST}`, BOTH, ['a/b:1', 'c:2']],
    ],
    [
      'under another name alone',
      { names: ['registry.example/c:2'] },
      [`quay.io/a/b:1@${DIGEST}`, BOTH, ['c:2']],
    ],
    [
      'with a name without a registry',
      { names: ['a/b:1'] },
      'it is stored as a/b:1, a name without a registry, which a list cannot give',
    ],
    [
      'of a file',
      { source: 'docker-archive' },
      'it was read from a docker-archive: source, and its lock does not say from which file',
    ],
  ])('%s', (_, image, expected) => {
    expect(shown(locked(image))).toEqual(expected);
  });
});
