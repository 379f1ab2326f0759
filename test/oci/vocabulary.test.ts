import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseManifest } from '../../src/oci/manifest.ts';
import {
  formatPlatform,
  hostPlatform,
  matchesPlatform,
  parsePlatform,
  parsePlatformChoice,
  toPlatform,
} from '../../src/oci/platform.ts';
import { formatReference, parseReference, withDefaultTag } from '../../src/oci/reference.ts';
import { chart, cosignSignature, d2, idx, one, schema1 } from '../support/fixtures/index.ts';
import { topOf } from '../support/image.ts';
import { isImage } from '../../src/oci/manifest.ts';

const HEX = 'a'.repeat(64);

describe('a reference', () => {
  it.each([
    ['ubuntu', 'docker.io/library/ubuntu:latest'],
    ['fanux/lvscare', 'docker.io/fanux/lvscare:latest'],
    ['index.docker.io/nginx:1', 'docker.io/library/nginx:1'],
    ['registry.k8s.io/kube-apiserver', 'registry.k8s.io/kube-apiserver:latest'],
    ['localhost:5000/x', 'localhost:5000/x:latest'],
    ['localhost/x', 'localhost/x:latest'],
    ['Foo/bar:1', 'Foo/bar:1'],
    ['GHCR.IO/org/app:Tag', 'ghcr.io/org/app:Tag'],
    ['[::1]:5000/x:1', '[::1]:5000/x:1'],
    [`alpine@sha256:${HEX}`, `docker.io/library/alpine@sha256:${HEX}`],
    [`alpine:3.13@sha256:${HEX}`, `docker.io/library/alpine:3.13@sha256:${HEX}`],
    ['a/b__c--d.e/f:_x', 'docker.io/a/b__c--d.e/f:_x'],
  ])('%s is normalised to %s', (text, expected) => {
    expect(formatReference(withDefaultTag(parseReference(text)))).toBe(expected);
  });

  it('gets the default registry only where it names no registry', () => {
    expect(formatReference(parseReference('nginx:1', 'reg.example.com'))).toBe('reg.example.com/nginx:1');
    expect(formatReference(parseReference('quay.io/a/b:1', 'reg.example.com'))).toBe('quay.io/a/b:1');
  });

  it.each([
    ['foo/Bar:1', /lower case/],
    ['a:1+2', /cannot contain '\+'/],
    ['a:', /tag is missing/],
    ['/app:1', /before the first slash/],
    ['a@sha256:12', /not a sha256 digest/],
    ['https://quay.io/a:1', /no scheme/],
    ['-x', /dash/],
    ['a/../b', /dot folder/],
    ['a:1:2', /more than one tag/],
    [`a:${'x'.repeat(129)}`, /longer than 128/],
    ['<none>:<none>', /<none>/],
    ['a\u0007b', /U\+0007/],
    ['', /empty/],
  ])('%j is refused, with the reason', (text, reason) => {
    expect(() => parseReference(text)).toThrow(reason);
  });

  it('is the same after formatting and parsing, and any other text throws an OciSaveError', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), (text) => {
        try {
          const reference = parseReference(text);
          expect(parseReference(formatReference(reference))).toEqual(reference);
        } catch (error) {
          expect(error).toMatchObject({ code: 'list' });
        }
      }),
    );
  });
});

describe('a platform', () => {
  it.each([
    ['linux/x86_64', 'linux/amd64'],
    ['amd64', 'linux/amd64'],
    ['linux/arm64/v8', 'linux/arm64'],
    ['linux/arm', 'linux/arm/v7'],
    ['linux/armel', 'linux/arm/v6'],
    ['windows/amd64:10.0.17763', 'windows/amd64:10.0.17763'],
  ])('%s is normalised to %s', (text, expected) => {
    expect(formatPlatform(parsePlatform(text))).toBe(expected);
  });

  it.each([
    ['linux/arm64', 'linux/arm64/v8', true],
    ['linux/arm64/v9', 'linux/arm64', true],
    ['linux/arm/v7', 'linux/arm/v6', false],
    ['linux/amd64', 'linux/amd64/v3', false],
    ['windows/amd64:10.0.17763', 'windows/amd64:10.0.17763.1', true],
    ['windows/amd64:10.0.17763', 'windows/amd64:10.0.177630', false],
  ])('that is %s matches the offered %s: %s', (wanted, offered, expected) => {
    expect(matchesPlatform(parsePlatform(wanted), parsePlatform(offered))).toBe(expected);
  });

  it.each(['', 'linux/', 'linux/amd64/v1/x', 'all,amd64', 'linux/a b/c/d/e'])(
    'choice %j is refused',
    (text) => {
      expect(() => parsePlatformChoice(text)).toThrow(/platform/);
    },
  );
});

describe('a platform of a publisher or a user', () => {
  const word = fc.oneof(
    fc.string({ maxLength: 4 }),
    fc.constantFrom(
      'linux',
      'Windows',
      'macos',
      'amd64',
      'x86_64',
      'arm',
      'armhf',
      'arm64',
      'v7',
      '8',
      '1:2',
      '',
    ),
    fc.stringMatching(/^[A-Za-z0-9_.-]{1,70}$/),
  );
  const written = fc.record({
    os: word,
    architecture: word,
    variant: fc.option(word, { nil: undefined }),
    osVersion: fc.option(word, { nil: undefined }),
  });

  it('is the same after formatting and parsing, where it can be written as text', () => {
    fc.assert(
      fc.property(written, (fields) => {
        const platform = toPlatform(fields);
        fc.pre(platform !== undefined);
        expect(parsePlatform(formatPlatform(platform))).toEqual(platform);
        expect(toPlatform(platform)).toEqual(platform);
        expect(formatPlatform(platform)).toMatch(/^[!-~]{3,400}$/);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    { os: 'li/nux' },
    { os: '' },
    { architecture: 'amd 64' },
    { architecture: 'linux' },
    { variant: 'v1,v2' },
    { osVersion: '1:2' },
    { osVersion: '10\u001B[31m' },
    { osVersion: '1'.repeat(200) },
  ])('is not valid with %j', (fields) => {
    expect(toPlatform({ os: 'windows', architecture: 'amd64', ...fields })).toBeUndefined();
  });
});

describe('a manifest', () => {
  it('has the type of its body, not that of the header', () => {
    for (const image of [one(), d2(), idx()]) {
      const { bytes, mediaType } = topOf(image);
      expect(parseManifest(bytes, 'application/octet-stream').mediaType).toBe(mediaType);
    }
  });

  it.each([
    ['a web page', '<html>', /web page/],
    ['not JSON', 'x', /not JSON/],
    ['another JSON', '{"a":1}', /not a manifest/],
    ['a bad digest', '{"config":{"digest":"sha512:ab","size":1},"layers":[]}', /config\.digest/],
  ])('is refused where it is %s', (_, text, reason) => {
    expect(() => parseManifest(new TextEncoder().encode(text))).toThrow(reason);
  });

  it('of schema 1 is refused by its name', () => {
    expect(() => parseManifest(topOf(schema1()).bytes)).toThrow(/schema 1/);
  });

  it('is recognised as an image or an artifact', () => {
    const kindOf = (image: ReturnType<typeof one>): boolean => {
      const manifest = parseManifest(topOf(image).bytes);
      return manifest.kind === 'manifest' && isImage(manifest);
    };
    expect([one(), d2(), chart(), cosignSignature(one()).image].map(kindOf)).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});

describe('hostPlatform', () => {
  it.each([
    ['x64', 'linux/amd64'],
    ['arm64', 'linux/arm64'],
    ['arm', 'linux/arm/v7'],
    ['ia32', 'linux/386'],
    ['ppc64', 'linux/ppc64le'],
    ['s390x', 'linux/s390x'],
    ['riscv64', 'linux/riscv64'],
  ])('of the Node architecture %s is %s on every system: images are for Linux', (arch, platform) => {
    expect(formatPlatform(hostPlatform(arch))).toBe(platform);
  });
});
