import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseOptions } from '../../../../src/options/index.ts';
import { parsePlatformChoice } from '../../../../src/oci/platform.ts';
import { parseReference } from '../../../../src/oci/reference.ts';
import type { WantedImage } from '../../../../src/resolve/index.ts';
import { askedDigest } from '../../../../src/commands/save/need/asked.ts';
import { placesOf } from '../../../../src/commands/save/places.ts';

const wanted = (ref: string, platforms = 'linux/amd64,linux/arm64'): WantedImage => ({
  ref,
  source: { transport: 'docker', reference: parseReference(ref) },
  origins: [{ file: 'images.txt', line: 1 }],
  platforms: parsePlatformChoice(platforms),
  names: [{ name: ref, tag: '1' }],
  pin: undefined,
});
const IMAGES = ['r.example/a', 'r.example/b', 'r.example/c'].map((ref) => wanted(ref));
const asked = (given: Record<string, unknown> = {}, images: readonly WantedImage[] = IMAGES): string => {
  const options = parseOptions({ output: 'none', release: 'v1', ...given });
  return askedDigest(images, options, placesOf(options, {}));
};

describe('the digest of what a run is asked for', () => {
  it('is the same however the list is ordered, and wherever its lines stand', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(IMAGES, { minLength: 3 }), fc.nat(), (images, line) => {
        const moved = images.map((image) => ({ ...image, origins: [{ file: 'other.txt', line }] }));
        expect(asked({}, moved)).toBe(asked());
      }),
    );
    expect(asked({}, [wanted('r.example/a', 'linux/arm64,linux/amd64'), ...IMAGES.slice(1)])).toBe(asked());
  });

  it.each([
    { parallel: 3 },
    { copier: 'direct' },
    { retries: 1 },
    { cacheDir: 'x' },
    { push: ['r.example'] },
    { releasePolicy: 'replace' },
    { authFile: 'a.json' },
    { credentials: 'r.example u p' },
    { onError: 'warn' },
  ])('is the same with %o, which decides nothing of the content', (given) => {
    expect(asked(given)).toBe(asked());
  });

  it.each([
    { index: 'narrow' },
    { format: 'oci' },
    { layout: ['zot'] },
    { splitSize: '1MiB' },
    { archiveName: 'other' },
    { release: 'v2' },
  ])('is another with %o', (given) => {
    expect(asked(given)).not.toBe(asked());
  });

  it('is another with another image, platform, name or tag', () => {
    const [first = wanted('x'), ...others] = IMAGES;
    const variants = [
      others,
      [...IMAGES, wanted('r.example/d')],
      [wanted(first.ref, 'all'), ...others],
      [wanted(first.ref, 'linux/amd64'), ...others],
      [{ ...first, names: [{ name: 'r.example/z', tag: '1' }] }, ...others],
      [{ ...first, names: [{ name: first.ref, tag: '2' }] }, ...others],
    ];
    const digests = new Set([asked(), ...variants.map((images) => asked({}, images))]);
    expect(digests.size).toBe(variants.length + 1);
  });
});
