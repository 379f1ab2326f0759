import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OciSaveError } from '../../src/errors.ts';
import { isDomain, isRepositoryPath, isTag, parseReference } from '../../src/oci/reference.ts';
import { parsePushTargets, type PushTarget } from '../../src/options/index.ts';
import { destinationOf } from '../../src/push/index.ts';

const to = (target: string, stored: string): string => {
  const [parsed] = parsePushTargets([target]);
  if (parsed === undefined) throw new Error('no target');
  return destinationOf(parsed, stored).text;
};

describe('parsePushTargets and destinationOf', () => {
  it.each([
    ['registry.example:5000', 'docker.io/library/x:1', 'registry.example:5000/docker.io/library/x:1'],
    ['registry.example/mirror', 'docker.io/library/x:1', 'registry.example/mirror/docker.io/library/x:1'],
    ['registry.example/a/b/', 'quay.io/acme/db:v1.2', 'registry.example/a/b/quay.io/acme/db:v1.2'],
    ['localhost:5000', 'app:1', 'localhost:5000/app:1'],
    ['127.0.0.1:5000/m', 'localhost:5000/x:1', '127.0.0.1:5000/m/localhost_5000/x:1'],
    ['[::1]:5000', 'Registry.Example:443/x:1', '[::1]:5000/registry.example_443/x:1'],
    ['docker.io/acme', 'library/x:1', 'docker.io/acme/library/x:1'],
    ['index.docker.io/acme@depth=2', 'docker.io/library/x:1', 'docker.io/acme/docker.io-library-x:1'],
    ['r.example/a@depth=3', 'docker.io/library/x:1', 'r.example/a/docker.io/library-x:1'],
    ['r.example@depth=9', 'docker.io/library/x:1', 'r.example/docker.io/library/x:1'],
    ['r.example@depth=1', 'a/b/c:1', 'r.example/a-b-c:1'],
  ])('the target %s gets %s as %s', (target, stored, as) => {
    expect(to(target, stored)).toBe(as);
  });

  it.each([
    ['', 'is not a push target'],
    ['acme', 'is not a registry'],
    ['acme/mirror', 'is not a registry'],
    ['https://registry.example', 'protocol'],
    ['docker://registry.example/x', 'protocol'],
    ['registry.example/Upper', 'is not valid in a reference'],
    ['registry.example/a:tag', 'is not valid in a reference'],
    ['registry.example/a@sha256:abc', 'depth=N'],
    ['registry.example/a@depth=0', 'at least 2 parts'],
    ['registry.example/a/b@depth=2', 'at least 3 parts'],
    ['registry.example/a b', 'is not valid in a reference'],
    ['registry.example/../x', 'is not valid in a reference'],
    ['user:password@registry.example/x', 'depth=N'],
  ])('refuse the target %j', (text, why) => {
    const parse = (): unknown => parsePushTargets([text]);
    expect(parse).toThrow(OciSaveError);
    expect(parse).toThrow(why);
  });

  it('take a target that is named twice as one', () => {
    expect(parsePushTargets(['r.example/x', 'r.example/x/', 'r.example/y'])).toHaveLength(2);
  });

  it('never give an invalid reference, nor a name deeper than @depth says', () => {
    const part = fc.stringMatching(/^[a-z0-9]{1,6}([._-][a-z0-9]{1,4})?$/);
    const stored = fc.array(part, { minLength: 1, maxLength: 6 }).map((parts) => `${parts.join('/')}:1`);
    const target = fc.tuple(fc.array(part, { maxLength: 2 }), fc.integer({ min: 3, max: 5 }));
    fc.assert(
      fc.property(target, stored, ([prefix, depth], name) => {
        const text = to([`r.example:1`, ...prefix].join('/') + `@depth=${depth}`, name);
        const { path, tag } = parseReference(text);
        expect(path.split('/').length).toBeLessThanOrEqual(depth);
        expect(tag).toBe('1');
      }),
    );
  });
});

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

describe('the destination of a stored name', () => {
  it('found B1: is a valid repository below the prefix, for every target that is accepted', () => {
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
  ])('does not exist for the target %j, which is refused', (text) => {
    expect(targetOf(text)).toBeUndefined();
  });
});
