import { describe, expect, it } from 'vitest';
import { splitName } from '../../../../src/list/formats/mirror/repository.ts';
import { setsOf } from '../../../support/list-sets.ts';

const DIGEST = `sha256:${'c'.repeat(64)}`;

describe('L15: a sinker file', () => {
  it('gives its sources, on Docker Hub where no host is named', () => {
    const text = `target: {host: target.example, repository: mirror}
sources:
  - {repository: acme/web, host: quay.io, tag: v1.10}
  - {repository: busybox, tag: "1.36", auth: {username: USER_VARIABLE, password: PASSWORD_VARIABLE}}
  - {repository: acme/db, host: quay.io, digest: "${DIGEST}"}
`;
    expect(setsOf(text)).toEqual({
      format: 'sinker',
      requests: [
        '3 quay.io/acme/web:v1.10',
        '4 docker.io/library/busybox:1.36',
        `5 quay.io/acme/db@${DIGEST}`,
      ],
      ignored: ['target', 'auth'],
    });
  });

  it('rejects a source without a repository, and a digest that is none', () => {
    const text = 'target: {}\nsources:\n  - {host: quay.io}\n  - {repository: a, digest: x}\n';
    expect(setsOf(text).rejects).toEqual([
      '3 this source does not name an image',
      '4 its digest is not a sha256 digest',
    ]);
  });
});

describe('L15, L16: the name of a source', () => {
  it.each([
    ['quay.io/a/b:1', 'quay.io/a/b', '1'],
    ['a/b', 'a/b', undefined],
    ['localhost:5000/a', 'localhost:5000/a', undefined],
    ['a:b:c', 'a', 'b:c'],
    ['a:${TAG:-1}', 'a', '${TAG:-1}'],
    ['${HOST:-x:5000/y}/a:1', '${HOST:-x:5000/y}/a', '1'],
    ['${A:-${B:-1}}/x:2', '${A:-${B:-1}}/x', '2'],
    ['a}/b:1', 'a}/b', '1'],
  ])('%s ends before the colon of its tag', (text, repository, tag) => {
    expect(splitName(text)).toEqual({ repository, tag });
  });
});

describe('L15: a list of sources with tags', () => {
  it('gives a request for each tag, without those that are not to be mirrored', () => {
    const text = `images:
  - name: web
    source: registry.example/web
    destinations: [target.example/web]
    multi-arch: true
    tags: [" 1.10 ", "${DIGEST}"]
  - source: registry.example/cli
    destinations: [target.example/cli]
    tag: "2"
  - {source: "registry.example/whole:3", destinations: []}
  - {source: built, destinations: [target.example/built], build: {context: .}, tag: ["1"]}
`;
    expect(setsOf(text)).toEqual({
      format: 'source-tags',
      requests: [
        '6 registry.example/web:1.10',
        `6 registry.example/web@${DIGEST}`,
        '9 registry.example/cli:2',
        '10 registry.example/whole:3',
      ],
      ignored: ['targets', 'multi-arch', 'images that are built'],
    });
  });

  it('leaves out what DoNotMirror names: all of an entry, or some tags', () => {
    const text = `Artifacts:
- SourceArtifact: acme/web
  Tags: [v1.0.0, v1.1.0]
  TargetArtifactName: mirrored-web
- DoNotMirror: true
  SourceArtifact: acme/old
  Tags: [v1]
- DoNotMirror: [v2.0.0]
  SourceArtifact: acme/db
  Tags: [v2.0.0, v2.1.0]
- DoNotMirror: false
  SourceImage: acme/cli
  Tags: [v3]
Repositories:
- {BaseUrl: target.example}
`;
    expect(setsOf(text)).toEqual({
      format: 'source-tags',
      requests: [
        '3 docker.io/acme/web:v1.0.0',
        '3 docker.io/acme/web:v1.1.0',
        '10 docker.io/acme/db:v2.1.0',
        '13 docker.io/acme/cli:v3',
      ],
      ignored: ['Repositories', 'targets', 'images with DoNotMirror', 'tags in DoNotMirror'],
    });
  });

  it('gives rules, and components', () => {
    const text = `rules:
  - {source: quay.io/acme/web, destination: target.example/web, tags: ["1"], tag_regex: ^2}
`;
    expect(setsOf(text)).toEqual({
      format: 'source-tags',
      requests: ['2 quay.io/acme/web:1'],
      tags: ['2 quay.io/acme/web {"allow":["^2"]}'],
      ignored: ['targets'],
    });
    const components = `components:
  web: {image_base: quay.io/acme/web, image_version: 1.10}
  docs: {path: docs}
`;
    expect(setsOf(components)).toEqual({ format: 'source-tags', requests: ['2 quay.io/acme/web:1.10'] });
  });

  it.each([
    ['source: a/b', '2 this entry names no tag'],
    ['tags: ["1"]', '2 this entry does not name an image'],
    ['source: a/b, tags: ["5000/c"]', "2 '5000/c' is not a tag"],
    ['source: a/b, tags: [{c: d}]', "2 '' is not a tag"],
  ])('rejects %s with its line', (fields, reason) => {
    const text = `images:\n  - {${fields}, destinations: []}\n  - {source: a/c, tag: "1", destinations: []}\n`;
    expect(setsOf(text)).toMatchObject({ rejects: [reason], requests: ['3 docker.io/a/c:1'] });
  });
});

describe('L15: a mapping file', () => {
  it('gives its sources under the names of its targets', () => {
    const other = `sha256:${'d'.repeat(64)}`;
    const text = `# release
quay.io/acme/payload@${DIGEST}=target.example/payload:4.16-a
quay.io/acme/payload@${other}=target.example:5000/payload

quay.io/acme/tool:1@${DIGEST}=file://acme/tool
`;
    expect(setsOf(text, 'mapping.txt')).toEqual({
      format: 'mapping',
      requests: [
        `2 quay.io/acme/payload@${DIGEST} => target.example/payload:4.16-a`,
        `3 quay.io/acme/payload@${other} => target.example:5000/payload`,
        `5 quay.io/acme/tool:1@${DIGEST}`,
      ],
      ignored: ['targets that are files'],
    });
  });

  it('may have blanks, where both sides have a registry', () => {
    expect(setsOf('quay.io/a/b:1 x.example/b:1\nquay.io/a/c:1\tx.example/c\n')).toEqual({
      format: 'mapping',
      requests: ['1 quay.io/a/b:1 => x.example/b:1', '2 quay.io/a/c:1 => x.example/c:1'],
    });
  });

  it.each([
    ['a digest', `quay.io/a/b:1 ${DIGEST}\nquay.io/a/c:1 ${DIGEST}\n`],
    ['a platform', 'quay.io/a/b:1 linux/amd64\nquay.io/a/c:1 linux/arm64\n'],
    ['a chart', 'quay.io/a/b:1 chart:1,other:2\nquay.io/a/c:1 chart:1\n'],
  ])('is not what has %s in its second column', (_, text) => {
    expect(setsOf(text).format).not.toBe('mapping');
  });

  it('rejects a line that is no pair, where the format is named', () => {
    expect(setsOf('quay.io/a/b:1=x.example/b:1\nquay.io/a/b:1\n', 'list', 'mapping')).toEqual({
      format: 'mapping',
      requests: ['1 quay.io/a/b:1 => x.example/b:1'],
      rejects: ['2 this line is not a pair'],
    });
  });
});
