import { describe, expect, it } from 'vitest';
import { setsOf } from '../../../support/list-sets.ts';

const FILE = `registry.example/team:
  images:
    team: [1.10, "2"]
    api:
      - sha256:${'e'.repeat(64)}
      - 007
    web: []
    worker:
  images-by-tag-regex:
    proxy: ^1\\.13\\.[12]-alpine$
  images-by-semver:
    db: ">= 12.0 <15.0"
    cache: [">= 6", "~5.1"]
  credentials: {username: ann, password: p w}
  tls-verify: false
  cert-dir: /certs
quay.io:
  tls-verify: true
  images:
    acme/etcd: latest
`;

describe('L15: a skopeo sync file', () => {
  it('gives tags and digests as images, and rules for tags', () => {
    expect(setsOf(FILE)).toEqual({
      format: 'skopeo-sync',
      requests: [
        '3 registry.example/team/team:1.10',
        '3 registry.example/team/team:2',
        `5 registry.example/team/api@sha256:${'e'.repeat(64)}`,
        '6 registry.example/team/api:007',
        '20 quay.io/acme/etcd:latest',
      ],
      tags: [
        '7 registry.example/team/web {}',
        '8 registry.example/team/worker {}',
        '10 registry.example/team/proxy {"allow":["^1\\\\.13\\\\.[12]-alpine$"]}',
        '12 registry.example/team/db {"versions":[">= 12.0 <15.0"]}',
        '13 registry.example/team/cache {"versions":[">= 6"]}',
        '13 registry.example/team/cache {"versions":["~5.1"]}',
      ],
      warnings: [
        "1 the list asks not to verify 'registry.example/team': verification stays on, unless insecure-registries names the registry",
      ],
      logins: ['14 registry.example/team ann:p w'],
      ignored: ['cert-dir'],
    });
  });

  it('joins a repository that occurs twice, and says so', () => {
    const text = 'quay.io:\n  images:\n    a/b: ["1"]\n    a/b: ["2"]\n';
    expect(setsOf(text)).toEqual({
      format: 'skopeo-sync',
      requests: ['3 quay.io/a/b:1', '4 quay.io/a/b:2'],
      warnings: ["4 the key 'a/b' occurs twice; its values are joined"],
    });
  });

  it.each([
    ['images: {a: ["5000/b"]}', "1 '5000/b' is not a tag"],
    ['images: {a: ["1:2"]}', "1 '1:2' is not a tag"],
    ['images: {a: [""]}', "1 '' is not a tag"],
    ['images: {a: [{b: c}]}', '1 a tag is not text'],
    ['images: {a: ["1"]}, credentials: {username: me}', "1 a user is given without a 'password'"],
    ['images-by-tag-regex: {a: ""}', '1 its rule is empty'],
    ['images: {A: ["1"]}', /is not an image reference/],
  ])('rejects %s with its line', (registry, reason) => {
    const expected = typeof reason === 'string' ? reason : expect.stringMatching(reason);
    expect(setsOf(`x.example: {${registry}}\n`).rejects).toEqual([expected]);
  });

  it('may have a registry without anything', () => {
    const text = 'x.example:\ny.example: {images: {a: ["1"]}}\n';
    expect(setsOf(text, 'sync.yaml', 'skopeo-sync')).toEqual({
      format: 'skopeo-sync',
      requests: ['2 y.example/a:1'],
    });
  });

  it('is anonymous where user and password are empty', () => {
    const text = 'x.example: {images: {a: ["1"]}, credentials: {username: "", password: ""}}\n';
    expect(setsOf(text)).toEqual({ format: 'skopeo-sync', requests: ['1 x.example/a:1'] });
  });
});
