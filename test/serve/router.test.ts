import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRepositoryPath } from '../../src/oci/reference.ts';
import { routeOf } from '../../src/serve/router.ts';

describe('routes', () => {
  it.each([
    ['/livez', { kind: 'health' }],
    ['/readyz', { kind: 'health' }],
    ['/startupz', { kind: 'health' }],
    ['/v2/', { kind: 'ping' }],
    ['/v2', { kind: 'none' }],
    ['/', { kind: 'none' }],
    ['', { kind: 'none' }],
    ['*', { kind: 'none' }],
    ['/v2/_catalog', { kind: 'catalog' }],
    ['/v2/a/tags/list', { kind: 'tags', name: 'a' }],
    ['/v2/a/tags', { kind: 'none' }],
    ['/v2/a/manifests/1', { kind: 'manifest', name: 'a', reference: '1' }],
    ['/v2/a/manifests/', { kind: 'none' }],
    ['/v2/a/b/manifests/sha256:x', { kind: 'manifest', name: 'a/b', reference: 'sha256:x' }],
    ['/v2/a/manifests/manifests/1', { kind: 'manifest', name: 'a/manifests', reference: '1' }],
    ['/v2/a/blobs/manifests/1', { kind: 'manifest', name: 'a/blobs', reference: '1' }],
    ['/v2/a/tags/list/blobs/x', { kind: 'blob', name: 'a/tags/list', digest: 'x' }],
    ['/v2/tags/list/tags/list', { kind: 'tags', name: 'tags/list' }],
    ['/v2/a/blobs/x', { kind: 'blob', name: 'a', digest: 'x' }],
    ['/v2/a/referrers/x', { kind: 'referrers', name: 'a', digest: 'x' }],
    ['/v2/a/blobs/uploads/', { kind: 'uploads', name: 'a' }],
    ['/v2/a/blobs/uploads', { kind: 'uploads', name: 'a' }],
    ['/v2/a/blobs/uploads/1-2', { kind: 'uploads', name: 'a' }],
    ['/v2/A/manifests/1', { kind: 'bad-name', name: 'A' }],
    ['/v2/manifests/1', { kind: 'bad-name', name: '' }],
    ['/v2/a/../b/manifests/1', { kind: 'bad-name', name: 'a/../b' }],
    ['/v2/a%2Fb/manifests/1', { kind: 'bad-name', name: 'a%2Fb' }],
    ['/v2/a/unknown/1', { kind: 'none' }],
  ])('reads %j', (path, route) => {
    expect(routeOf(path)).toEqual(route);
  });

  it('never give a name that does not fit the grammar, whatever the path', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '',
        '.',
        '..',
        '%2e%2e',
        'a',
        'b-c',
        'A',
        'manifests',
        'blobs',
        'uploads',
        'tags',
        'list',
      ),
      fc.string({ maxLength: 8, unit: 'binary' }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const route = routeOf(`/v2/${pieces.join('/')}`);
        expect(!('name' in route) || route.kind === 'bad-name' || isRepositoryPath(route.name)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});
