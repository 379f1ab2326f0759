import { describe, expect, it } from 'vitest';
import type { ImageRequest } from '../../src/list/index.ts';
import { formatPlatform, parsePlatformChoice, type PlatformChoice } from '../../src/oci/platform.ts';
import { parseReference } from '../../src/oci/reference.ts';
import { joinRequests } from '../../src/resolve/index.ts';

let line = 0;
const request = (text: string, platforms?: string, ...storedAs: readonly string[]): ImageRequest => ({
  written: text,
  origin: { file: 'images.txt', line: (line += 1) },
  source: { transport: 'docker', reference: parseReference(text) },
  platforms: platforms === undefined ? undefined : parsePlatformChoice(platforms),
  storedAs: storedAs.map((name) => parseReference(name)),
  implicitTag: false,
});

const joined = (...requests: readonly ImageRequest[]) =>
  joinRequests(requests, {
    platforms: parsePlatformChoice('linux/s390x'),
    naming: [{ kind: 'keep-domain' }],
  });

const words = (choice: PlatformChoice): string =>
  choice === 'all' ? 'all' : choice.map(formatPlatform).join();

describe('found L6: requests for one source', () => {
  it.each<[string | undefined, string | undefined, string]>([
    ['all', 'linux/amd64', 'all'],
    ['linux/amd64', 'all', 'all'],
    ['all', 'all', 'all'],
    ['linux/amd64', 'linux/arm64', 'linux/amd64,linux/arm64'],
    ['linux/amd64,linux/arm64', 'linux/arm64/v8', 'linux/amd64,linux/arm64'],
    [undefined, 'linux/amd64', 'linux/s390x,linux/amd64'],
    [undefined, undefined, 'linux/s390x'],
  ])('for %s and for %s are one image for %s', (first, second, expected) => {
    const images = joined(request('quay.io/a/b:1', first), request('quay.io/a/b:1', second));
    expect(images.map(({ platforms }) => words(platforms))).toEqual([expected]);
    expect(images[0]?.origins).toHaveLength(2);
  });

  it('keep the names of all of them, each once', () => {
    const [image, ...more] = joined(
      request('quay.io/a/b:1', undefined, 'x.example/one:1', 'x.example/two:1'),
      request('quay.io/a/b:1', undefined, 'x.example/two:1', 'x.example/two:2'),
    );
    expect(more).toEqual([]);
    expect(image?.names.map(({ name, tag }) => `${name}:${tag}`)).toEqual([
      'x.example/one:1',
      'x.example/two:1',
      'x.example/two:2',
    ]);
  });

  it('of other tags, and with other pins, are images of their own', () => {
    const digest = `sha256:${'a'.repeat(64)}`;
    const refs = ['quay.io/a/b:1', 'quay.io/a/b:2', `quay.io/a/b:1@${digest}`, `quay.io/a/b@${digest}`];
    expect(joined(...refs.map((ref) => request(ref))).map(({ ref }) => ref)).toEqual(refs);
  });
});
