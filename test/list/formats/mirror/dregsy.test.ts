import { describe, expect, it } from 'vitest';
import { setsOf } from '../../../support/list-sets.ts';

const DIGEST = `sha256:${'b'.repeat(64)}`;
const AUTH = Buffer.from('{"username": "ann", "password": "p w"}\n').toString('base64');

const FILE = `relay: skopeo
watch: true
tasks:
  - name: one
    interval: 60
    source:
      registry: registry.example
      auth: ${AUTH}
      skip-tls-verify: true
    target: {registry: target.example, auth: x}
    mappings:
      - from: //team/web
        to: mirror/web
        note: any
        platform: linux/arm64
        tags:
          - 1.10
          - ${DIGEST}
          - 2.0@${DIGEST}
          - 'semver: >=1.31.0 <1.31.9'
          - 'regex: 1\\.26\\.[0-9]'
          - 'regex: !.*-rc'
      - from: team/all
      - from: team/newest
        platform: all
        tags: ['semver: >=2', 'keep: .+-alpine', 'keep: !.*-rc$', 'keep: latest 5']
      - from: team/kept
        tags: ['keep: latest 3', edge]
  - name: two
    source: {registry: quay.io, auth: none, auth-refresh: 1h}
    mappings: [{from: acme/cli, tags: ["3"]}]
`;

describe('L15: a dregsy file', () => {
  it('gives tags as images, and rules for tags with what is kept of them', () => {
    expect(setsOf(FILE)).toEqual({
      format: 'dregsy',
      requests: [
        '17 registry.example/team/web:1.10 [linux/arm64]',
        `18 registry.example/team/web@${DIGEST} [linux/arm64]`,
        `19 registry.example/team/web:2.0@${DIGEST} [linux/arm64]`,
        '28 registry.example/team/kept:edge',
        '31 quay.io/acme/cli:3',
      ],
      tags: [
        '12 registry.example/team/web {"versions":[">=1.31.0 <1.31.9"]} [linux/arm64]',
        '12 registry.example/team/web {"allow":["^1\\\\.26\\\\.[0-9]$"]} [linux/arm64]',
        '12 registry.example/team/web {"deny":["^.*-rc$"]} [linux/arm64]',
        '23 registry.example/team/all {}',
        '24 registry.example/team/newest {"allow":["^.+-alpine$"],"deny":["^.*-rc$"],"versions":[">=2"],"newest":5} [all]',
      ],
      logins: ['7 registry.example ann:p w'],
      warnings: [
        "7 the list asks not to verify 'registry.example': verification stays on, unless insecure-registries names the registry",
      ],
      ignored: ['watch', 'interval', 'targets', 'note', 'auth-refresh'],
    });
  });

  const mapping = (fields: string, source = 'registry: x.example'): string =>
    `relay: docker\ntasks:\n  - source: {${source}}\n    mappings:\n      - {${fields}}\n`;

  it.each([
    [
      'from: "regex:a/.*"',
      '5 a regular expression stands for repositories of a registry, which cannot be listed',
    ],
    ['to: a', '5 this mapping does not name an image'],
    ['from: a, tags: ["a/b"]', "5 'a/b' is not a tag"],
    ['from: a, tags: ["regex: "]', "5 'regex:' has no regular expression"],
    [
      'from: a, tags: ["regex: a", "keep: b"]',
      "5 the 'keep:' rules of this mapping cannot be combined with its other rules",
    ],
    [
      'from: a, tags: ["keep: a", "keep: b"]',
      "5 the 'keep:' rules of this mapping cannot be combined with its other rules",
    ],
    [
      'from: a, tags: ["semver: >1", "regex: a", "keep: latest 2"]',
      "5 the 'keep:' rules of this mapping cannot be combined with its other rules",
    ],
    ['from: a, platform: "linux/"', "5 'linux/' is not a valid platform"],
  ])('rejects %s with its line', (fields, reason) => {
    const sets = setsOf(mapping(fields));
    expect(sets.rejects).toEqual([reason]);
    expect(sets.tags ?? []).toEqual([]);
  });

  it.each([
    ['registry: x.example, auth: "?"'],
    ['registry: x.example, auth: bm9uc2Vuc2U='],
    [`registry: x.example, auth: ${Buffer.from('["a"]').toString('base64')}`],
  ])('rejects a source %s', (source) => {
    expect(setsOf(mapping('from: a, tags: ["1"]', source)).rejects).toEqual([
      "3 the 'auth' of this source is not a user in base64",
    ]);
  });

  it('fills variables of users, platforms and names', () => {
    const text = mapping(
      'from: "${TEAM}/a", tags: ["${TAG}"], platform: "linux/${ARCH}"',
      'registry: x.example, auth: "${AUTH}"',
    );
    const given = { TEAM: 'b', TAG: '1', ARCH: 'arm64', AUTH };
    expect(setsOf(text, 'dregsy.yaml', 'auto', given)).toEqual({
      format: 'dregsy',
      requests: ['5 x.example/b/a:1 [linux/arm64]'],
      logins: ['3 x.example ann:p w'],
    });
  });

  it('rejects a task without a registry', () => {
    expect(setsOf(mapping('from: a', 'auth: none')).rejects).toEqual([
      '3 this task does not name its source registry',
    ]);
  });
});
