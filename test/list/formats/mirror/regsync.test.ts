import { describe, expect, it } from 'vitest';
import { setsOf } from '../../../support/list-sets.ts';

const FILE = `version: 1
creds:
  - registry: registry.example
    user: ann
    pass: '{{env "PASSWORD"}}'
  - registry: quay.io
    user: '{{file "/run/user"}}'
    pass: '{{ file "/run/pass" }}'
  - registry: target.example:5000
    tls: disabled
    hostname: target
defaults: {parallel: 2}
sync:
  - source: registry.example/web:1.10
    target: target.example:5000/web:1.10
    type: image
    interval: 60m
    platforms: [linux/amd64, linux/arm64]
  - source: '{{ env "REGISTRY" }}/api:2'
    target: target.example:5000/api:2
    type: image
    platform: linux/amd64
  - source: registry.example/db
    target: target.example:5000/db
    type: repository
    digestTags: true
    tags:
      allow: ['1\\.\\d+', latest]
      deny: [.*-rc]
      semverRange: ['>=1.2 <2', '>=3']
    tagSets:
      - allow: [edge]
  - source: registry.example/all
    target: target.example:5000/all
    type: repository
  - {source: quay.io/acme/cli, target: x, type: image}
  - source: ocidir://layouts/base:3
    target: target.example:5000/base:3
    type: image
`;

describe('L15: a regsync file', () => {
  it('gives images, and rules for the tags of repositories', () => {
    const vars = { PASSWORD: 'four words', REGISTRY: 'registry.example' };
    expect(setsOf(FILE, 'list.yaml', 'auto', vars)).toEqual({
      format: 'regsync',
      requests: [
        '14 registry.example/web:1.10 [linux/amd64,linux/arm64]',
        '19 registry.example/api:2 [linux/amd64]',
        '36 quay.io/acme/cli:latest',
        '37 oci:layouts/base:3',
      ],
      tags: [
        '23 registry.example/db {"allow":["^1\\\\.\\\\d+$","^latest$"],"deny":["^.*-rc$"],"versions":[">=1.2 <2 || >=3"]}',
        '23 registry.example/db {"allow":["^edge$"]}',
        '33 registry.example/all {}',
      ],
      logins: ['3 registry.example ann:four words'],
      warnings: ["6 the user of 'quay.io' is a template: it is not used"],
      ignored: ['defaults', 'targets', 'interval', 'digestTags', 'hostname', 'users of targets'],
    });
  });

  const sync = (entry: string): string =>
    `sync:\n  - {source: a/b, type: image, target: c/d}\n  - {target: c/d, ${entry}}\n`;

  it.each([
    [
      'source: x.example, type: registry',
      "3 'x.example' stands for every repository of a registry, which cannot be listed",
    ],
    [
      'source: a/b, type: repo',
      "3 the type of the entry for 'a/b' is neither image, repository nor registry",
    ],
    ['type: image', '3 this entry does not name an image'],
    ['source: a/b, type: repository, tags: [a]', '3 the choice of tags is not a mapping of keys to values'],
    [
      'source: "a/b:1", type: repository',
      "3 'a/b:1' names a tag or a digest, and its entry chooses tags by a rule",
    ],
    ["source: '{{ .X }}/b', type: image", /variable or a template/],
    ['source: a/b, type: image, platform: "linux/"', "3 'linux/' is not a valid platform"],
  ])('rejects %s with its line', (entry, reason) => {
    const { rejects, requests } = setsOf(sync(entry));
    expect(rejects).toEqual([typeof reason === 'string' ? reason : expect.stringMatching(reason)]);
    expect(requests).toEqual(['2 docker.io/a/b:latest']);
  });

  it('is read with 7,500 rows in one pass', () => {
    const rows = Array.from(
      { length: 7500 },
      (_, at) => `  - {source: "quay.io/a/i${at % 2400}:1", target: "x.example/${at}", type: image}`,
    );
    expect(setsOf(`sync:\n${rows.join('\n')}\n`).requests).toHaveLength(7500);
  });
});
