import { posix } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareInWalkOrder, isHiddenFolder } from '../../src/serve/tree/tree-files.ts';
import { isRepositoryPath } from '../../src/oci/reference.ts';

describe('repository names', () => {
  it.each([
    'a',
    'docker.io/library/x',
    'a__b',
    'a--b',
    'a---b',
    'a.b',
    'localhost_5000/x',
    '127.0.0.1-5000/x',
    'v2',
    'a/manifests',
    'a/tags/list',
    'x'.repeat(255),
    '1/2/3/4/5/6/7/8',
  ])('takes %j', (name) => {
    expect(isRepositoryPath(name)).toBe(true);
  });

  it.each([
    '',
    '/',
    'a/',
    '/a',
    'a//b',
    '.',
    '..',
    'a/..',
    'a/../b',
    'A/b',
    'a..b',
    'a_',
    'a-._b',
    '_x',
    'a___b',
    'localhost:5000/x',
    'a b',
    'a\n',
    'a\0',
    'ä',
    'a%2fb',
    'a\\b',
  ])('refuses %j', (name) => {
    expect(isRepositoryPath(name)).toBe(false);
  });

  it('are checked in linear time, a hostile name included', () => {
    expect(isRepositoryPath(`${'a'.repeat(100_000)}!`)).toBe(false);
    expect(isRepositoryPath(`${'a-'.repeat(50_000)}!`)).toBe(false);
  });

  it('never lead out of the folder that they are joined to', () => {
    const text = fc.array(fc.constantFrom('a', '0', '.', '..', '/', '-', '_', '\0', '\\', '%2e'), {
      maxLength: 12,
    });
    fc.assert(
      fc.property(text, (parts) => {
        const name = parts.join('');
        fc.pre(isRepositoryPath(name));
        expect(posix.join('/root', name)).toBe(`/root/${name}`);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("zot's walk", () => {
  it.each([
    ['team/myblobs', true],
    ['blobs', true],
    ['a.sync', true],
    ['my.uploads', true],
    ['blobs/x', false],
    ['team/blobby', false],
  ])('passes over %j: %j', (path, hidden) => {
    expect(isHiddenFolder(path)).toBe(hidden);
  });

  it('orders folder by folder', () => {
    const sorted = ['a', 'a/b', 'a/b/c', 'a/c', 'a-b', 'a-b/c', 'a.b', 'b'];
    expect(sorted.toReversed().sort(compareInWalkOrder)).toEqual([
      'a',
      'a/b',
      'a/b/c',
      'a/c',
      'a-b',
      'a-b/c',
      'a.b',
      'b',
    ]);
    expect(compareInWalkOrder('a/b', 'a/b')).toBe(0);
  });
});
