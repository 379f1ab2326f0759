import { describe, expect, it } from 'vitest';
import { isSkopeo, selectRequests, subjectOf, tally } from './registry-request.ts';
import { parseCombined } from './servers/access-log.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const line = (method: string, path: string, userAgent: string): string =>
  `127.0.0.1 - - [25/Nov/2026:03:50:28 +0000] "${method} ${path} HTTP/1.1" 200 405 "" "${userAgent}"`;

describe('subjectOf', () => {
  it.each([
    ['/v2/', { kind: 'ping' }],
    ['/v2/a/b/manifests/1.0', { kind: 'manifest', repository: 'a/b', reference: '1.0' }],
    [`/v2/a/blobs/${digest}?x=1`, { kind: 'blob', repository: 'a', reference: digest }],
    ['/v2/a/blobs/uploads/', { kind: 'upload', repository: 'a' }],
    ['/v2/a/tags/list?n=5', { kind: 'tags', repository: 'a' }],
    [`/v2/a/referrers/${digest}`, { kind: 'referrers', repository: 'a', reference: digest }],
    ['/v2/_catalog', { kind: 'catalog' }],
    ['/token?scope=x', { kind: 'token' }],
    ['/metrics', { kind: 'other' }],
  ])('%s', (path, subject) => {
    expect(subjectOf(path)).toEqual(subject);
  });
});

describe('the requests of an access log', () => {
  it('are selected by client and subject', () => {
    const requests = [
      line('HEAD', '/v2/a/manifests/1', 'oci-save/1'),
      line('GET', `/v2/a/blobs/${digest}`, 'skopeo/1.9.3'),
      line('GET', `/v2/b/blobs/${digest}`, 'containers/5.23 (github.com/containers/image)'),
      'time="2026-11-25" level=info msg="listening"',
    ].flatMap((text) => parseCombined(text) ?? []);
    expect(tally(requests)).toEqual({ 'HEAD manifest': 1, 'GET blob': 2 });
    expect(requests.map(isSkopeo)).toEqual([false, true, true]);
    expect(selectRequests(requests, { skopeo: true, repository: 'b' })).toEqual([
      expect.objectContaining({ method: 'GET', status: 200, bytes: 405 }),
    ]);
  });
});
