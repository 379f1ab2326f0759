import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OciSaveError } from '../../src/errors.ts';
import { isDomain, isRepositoryPath, isTag } from '../../src/oci/reference.ts';
import { parsePushTargets, type PushTarget } from '../../src/options/index.ts';
import { destinationOf } from '../../src/push/destination.ts';

/** A target as a user wrote it; undefined where it is refused. */
function targetOf(text: string): PushTarget | undefined {
  try {
    return parsePushTargets([text])[0];
  } catch (error) {
    if (error instanceof OciSaveError && error.code === 'usage') return undefined;
    throw error;
  }
}

const piece = fc.constantFrom(
  '..',
  '.',
  '',
  'a',
  'b-c',
  'a?b',
  'a#b',
  'a%2e',
  'A',
  'a b',
  'a\n',
  String.raw`a\b`,
  '@depth=2',
);
const written = fc
  .tuple(
    fc.constantFrom(
      'r.example',
      'r.example:5000',
      'localhost:1',
      '[::1]:5000',
      'docker.io',
      'a@evil.example',
      '..',
    ),
    fc.array(piece, { maxLength: 3 }),
    fc.constantFrom('', '', '/', '@depth=1', '@depth=2', '@depth=4', '@depth=0', '@depth=2/..'),
  )
  .map(([domain, prefix, end]) => [domain, ...prefix].join('/') + end);
const stored = fc.constantFrom(
  'docker.io/library/busybox:1',
  'localhost:5000/x:latest',
  '[::1]:5000/a/b/c:V1',
  'REG/x:1',
  'busybox:1',
  'a/b/c/d/e:1',
);

describe('where a name goes', () => {
  it('found B1: is below the prefix, by the grammar of repositories, for every target that is taken', () => {
    fc.assert(
      fc.property(written, stored, (text, name) => {
        const target = targetOf(text);
        fc.pre(target !== undefined);
        const { domain, path, tag } = destinationOf(target, name);
        const { prefix } = target;
        const told = { domain: isDomain(domain), path: isRepositoryPath(path), tag: isTag(tag) };
        expect(told).toEqual({ domain: true, path: true, tag: true });
        expect(prefix === '' || path.startsWith(`${prefix}/`)).toBe(true);
      }),
    );
  });

  it.each([
    'r.example/..',
    'r.example/../x',
    'r.example/a?b',
    'r.example/a#b',
    'r.example/%2e%2e',
    'r.example/a\nb',
    'r.example/A',
  ])('is nowhere for the target %j', (text) => {
    expect(targetOf(text)).toBeUndefined();
  });
});
