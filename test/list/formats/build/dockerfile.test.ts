import { describe, expect, it } from 'vitest';
import { parseList } from '../../../../src/list/index.ts';
import { refOf } from '../../../../src/resolve/index.ts';
import { setsOf } from '../../../support/list-sets.ts';
import { found } from '../found.ts';

const read = (text: string) => found(text, 'Dockerfile', 'dockerfile');

describe('L15: a Dockerfile', () => {
  it('has what it starts from and copies from, and no stages', () => {
    const text = `# syntax=docker/dockerfile:1.7
# A comment.

ARG VERSION=1.10
ARG BASE="quay.io/acme/base:\${VERSION}" \\
    # inside
    OTHER
FROM --platform=$BUILDPLATFORM golang:$VERSION AS Build
ARG VERSION=2
RUN --mount=type=cache,target=/x --mount=type=bind,from=quay.io/acme/tools:3,target=/t \\
    echo --mount=from=quay.io/acme/no:1
RUN <<EOF
FROM quay.io/acme/here:1
EOF
from build as next
FROM scratch
FROM $BASE
COPY --from=build --chown=1:1 /a /b
COPY --from=0 /a /b
COPY --from=quay.io/acme/files:4 /a /b
COPY --from=context /a /b
ONBUILD COPY --from=quay.io/acme/later:5 /a /b
FROM \${MIRROR:-docker.io/}library/busybox\${TAG:+:}\${VERSION+:}$VERSION
FROM quay.io/acme/last:$TAG
CMD ["x"]`;
    expect(read(text)).toEqual({
      requests: [
        [1, 'docker.io/docker/dockerfile:1.7'],
        [8, 'docker.io/library/golang:1.10'],
        [10, 'quay.io/acme/tools:3'],
        [17, 'quay.io/acme/base:1.10'],
        [20, 'quay.io/acme/files:4'],
        [22, 'quay.io/acme/later:5'],
        [23, 'docker.io/library/busybox:1.10'],
      ],
      candidates: [
        [21, 'context', 'files are copied from it, unless the build is given a context of this name'],
      ],
      rejects: [[24, expect.stringMatching(/variable/)]],
      ignored: [],
      warnings: [],
    });
  });

  it('L16: has variables that are given in place of the defaults of its arguments', () => {
    const text = 'ARG VERSION=1\nFROM a:$VERSION\nCOPY --from=b/c:${VERSION} /a /b\nFROM d:${VERSION:+x}\n';
    const variables = { given: new Map([['VERSION', '2']]) };
    const options = { format: 'auto', defaultRegistry: 'docker.io', variables };
    const refs = parseList(Buffer.from(text), 'x', options).requests.map(({ source }) => refOf(source));
    expect(refs).toEqual(['docker.io/library/a:2', 'docker.io/b/c:2', 'docker.io/library/d:x']);
  });

  it('has the platform of a stage, where it is not one of the build', () => {
    const text =
      'FROM --platform=linux/arm64 a:1\nFROM --platform=$TARGETPLATFORM b:1\nFROM --platform=a/b/c/d/e a:2\n';
    const list = parseList(Buffer.from(text), 'x', { format: 'auto', defaultRegistry: 'docker.io' });
    expect(list.requests.map(({ platforms }) => platforms)).toEqual([
      [{ os: 'linux', architecture: 'arm64' }],
      undefined,
    ]);
    expect(list.rejects).toMatchObject([{ origin: { line: 3 } }]);
  });

  it.each([
    ['an argument of itself', 'ARG A=$A$A\nFROM a:$A\n'],
    ['arguments that grow', `ARG A=${'x'.repeat(1000)}\n${'ARG A=$A$A\n'.repeat(40)}FROM a:$A\n`],
    ['another escape', '# escape=`\nFROM a:1 `\n  AS b\nFROM b\n'],
    ['here-documents without an end', 'FROM a:1\nRUN <<EOF\necho\n'],
    [
      'a here-document after another',
      'FROM a:1\nRUN <<-A <<"B"\nFROM no:1\n\tA\nFROM no:2\nB\nRUN <<A\nFROM no:3\nA\n',
    ],
    ['a long instruction', `FROM a:1\nCOPY ${'x'.repeat(5000)} /\n`],
    ['a long command', `FROM a:1\nRUN ${'x'.repeat(5000)}\n`],
  ])('is read to its end with %s', (_, text) => {
    const { requests, rejects } = read(text);
    expect(requests.length + rejects.length).toBe(text.includes('COPY') ? 2 : 1);
  });
});

describe('L15: an instruction of a Dockerfile', () => {
  const sets = (text: string, format: string): readonly string[] => {
    const { requests = [], candidates = [], rejects = [], ignored = [] } = setsOf(text, 'x', format);
    const named = requests.map((request) => request.replace('docker.io/library/', ''));
    return [...named, ...candidates.map((text) => text.replace(/ \(.*/, ' ?')), ...rejects, ...ignored];
  };

  it.each([
    ['ARG V=\nFROM a:${V:-1}', ['2 a:1']],
    ['FROM a:${V:-1}', ['1 a:1']],
    ['FROM a:${V-1}', ['1 a:1']],
    ['ARG V=2\nFROM a:${V:-1}', ['2 a:2']],
    ['ARG V\nFROM a:${V:-3}', ['2 a:3']],
    ['ARG V=\nFROM a${V:+:x}:1', ['2 a:1']],
    ['ARG V=\nFROM a${V+b}:1', ['2 ab:1']],
    ['FROM a${V+b}:1', ['1 a:1']],
    [`ARG V='1'\nFROM a:$V`, ['2 a:1']],
    [`ARG V='1"\nFROM b:1`, ['2 b:1']],
    ['ARG A=1 B=2\nFROM a:$A-${B}x$A.y', ['2 a:1-2x1.y']],
    ['FROM a:1\nARG V=1\nFROM b:$V', ['1 a:1', '3 the variable V has no value']],
    [`FROM "a:1"\nFROM 'b:1'`, ['1 a:1', '2 b:1']],
    ['FROM a:1 as b\nFROM B', ['1 a:1']],
    ['FROM a:1 is b\nFROM b', ['1 a:1', '2 b:latest']],
    ['FROM a:1\nFROM 0', ['1 a:1']],
    ['FROM a:1 as b\nFROM 0', ['1 a:1', '2 0:latest']],
    ['FROM --platform=linux/arm64 --x=y a:1 AS b\nFROM b', ['1 a:1 [linux/arm64]']],
    ['FROM scratch AS a\nFROM a\nCOPY --from=scratch x y', []],
    ['FROM a:1\nCOPY --chown=x --from=b/c:1 --link x y', ['1 a:1', '2 docker.io/b/c:1']],
    ['FROM a:1\nCOPY --from="b:1" x y\nCOPY --from=12 x y\nCOPY x--from=c:1 y', ['1 a:1', '2 b:1']],
    ['FROM a:1\nCOPY --from=b --link x y', ['1 a:1', '2 b ?']],
    ['FROM a:1\nRUN --network=none --mount=from=b:1,target=/x echo', ['1 a:1', '2 b:1']],
    ['FROM a:1\nRUN --mount=type=x,xfrom=b:1 echo --mount=from=c:1', ['1 a:1']],
    ['FROM a:1\nADD --from=b:1 x y', ['1 a:1']],
    [
      'FROM a:1 AS b-amd64\nFROM b-$TARGETARCH\nFROM b-${TARGETPLATFORM}x',
      ['1 a:1', '3 the variable TARGETPLATFORM has no value'],
    ],
    [
      '# syntax = a:1\n# escape = `\n# syntax=b:1\n\n# syntax=c:1\nFROM d:1 `\n AS e',
      ['1 a:1', '3 b:1', '6 d:1'],
    ],
    [' FROM a:1\n#FROM b:1\nFROM c:1 \\\n\n# x\n AS d\nFROM d', ['1 a:1', '3 c:1']],
    ['FROM a:1\nRUN <<A <<B\nFROM b:1\nB\nFROM c:1\nA\nFROM d:1\nB\nFROM e:1\n', ['1 a:1', '9 e:1']],
  ])('names these images: %j', (text, expected) => {
    expect(sets(text, 'dockerfile')).toEqual(expected);
  });

  it.each([
    ['Image=a:1\n[Container]\nImage=b:1\n[Install]\nImage=c:1', ['3 b:1']],
    ['[Image]\nImage=a:1\nOS=windows\nArch=amd64', ['2 a:1 [windows/amd64]']],
    ['[Image]\nImage=a:1\nVariant=v8', ['2 a:1']],
    ['[Image]\nImage=a:1\nArch=arm\nVariant=v6', ['2 a:1 [linux/arm/v6]']],
    ['[Volume]\nImage=x.build', ['images of other units']],
    ['[Container]\n=x\nImage=a.build/b:1', ['3 a.build/b:1']],
    ['[Container]\nImage=\\\n# no\n; no\n  a:1\nImage=b:1', ['2 a:1', '6 b:1']],
    ['[Kube]\nName=x', []],
    ['[Artifact]\nArtifact=a:1\nImage=b:1', ['2 a:1', '3 b:1']],
  ])('of a quadlet unit names these: %j', (text, expected) => {
    expect(sets(text, 'quadlet')).toEqual(expected);
  });

  it.each([
    ['args = {\n  IMAGE = "a:1"\n}\nIMAGE = "b:1"', ['2 a:1 ?']],
    ['args {\n  "IMAGE": "a:1"\n  x = "y/z:1"\n  y = "w:1"\n}', ['2 a:1 ?', '3 y/z:1 ?']],
    ['contexts = { a = "docker-image://a:1", b = "docker-image://b:1" }', ['1 a:1', '1 b:1']],
    ['  // args = {\nIMAGE = "a:1"\nx = "xdocker-image://b:1"', []],
    ['{"target": {"a": {"contexts": {"a": ["docker-image://a:1"], "b": "x docker-image://b:1"}}}}', []],
    ['{"target": {"a": {"args": {"IMAGE": ["c:1"], "x": "d:1", "y": "e/f:1"}}}}', ['1 e/f:1 ?']],
    ['{"target": {"a": {"contexts": ["docker-image://a:1"]}, "b": "args", "c": {"args": "IMAGE"}}}', []],
    ['{"target": [{"args": {"IMAGE": "a:1"}}]}', []],
  ])('of a bake file names these: %j', (text, expected) => {
    expect(sets(text, 'bake')).toEqual(expected);
  });
});

describe('L15: a stage that is chosen by the platform of a build', () => {
  it('is no image', () => {
    const text =
      'FROM a:1 AS files-linux\nFROM files-$TARGETOS AS x\nCOPY --from=files-${TARGETOS} /a /b\nFROM b-$TARGETARCH:1\n';
    const { requests, rejects } = read(text);
    expect(requests).toEqual([[1, 'docker.io/library/a:1']]);
    expect(rejects).toEqual([[4, expect.stringMatching(/variable/)]]);
  });
});

describe('L15: a bake file', () => {
  it('in HCL has the contexts of its builds, and no tags', () => {
    const text = `variable "TAG" { default = "1" }
target "app" {
  tags = ["quay.io/acme/app:1"]
  // "docker-image://quay.io/acme/comment:1"
  contexts = {
    base = "docker-image://quay.io/acme/base:1.10"
    src = "../src"
  }
  args = {
    BASE_IMAGE = "busybox:1"
    VERSION = "1.2"
    TOOLS = "quay.io/acme/tools:2"
  }
  cache-from = ["type=registry,ref=quay.io/acme/cache:1"]
}
target "one" {
  args = { IMAGE = "quay.io/acme/one:1" }
  output = ["quay.io/acme/output:1"]
}
`;
    expect(found(text, 'docker-bake.hcl', 'bake')).toEqual({
      requests: [[6, 'quay.io/acme/base:1.10']],
      candidates: [
        [10, 'busybox:1', 'it is an argument of a build'],
        [12, 'quay.io/acme/tools:2', 'it is an argument of a build'],
        [17, 'quay.io/acme/one:1', 'it is an argument of a build'],
      ],
      rejects: [],
      ignored: [],
      warnings: [],
    });
  });

  it('in JSON has the same', () => {
    const text = JSON.stringify({
      target: {
        app: {
          tags: ['quay.io/acme/app:1'],
          contexts: { base: 'docker-image://quay.io/acme/base:1', src: '../src' },
          args: { IMAGE: 'busybox:1', VERSION: '1' },
        },
      },
    });
    const { requests, candidates } = found(text, 'x.json', 'bake');
    expect([requests, candidates]).toEqual([
      [[1, 'quay.io/acme/base:1']],
      [[1, 'busybox:1', 'it is an argument of a build']],
    ]);
  });
});

describe('L15: a quadlet unit', () => {
  it('that builds, or has no image, has none', () => {
    const { requests, ignored } = found('[Build]\nImageTag=quay.io/acme/a:1\n', 'a.build', 'quadlet');
    expect([requests, ignored]).toEqual([[], ['builds']]);
    expect(
      found('[Network]\nDriver=x\n[Artifact]\nArtifact=quay.io/a/b:1\n', 'a', 'quadlet').requests,
    ).toHaveLength(1);
  });

  it('has the image of a container, a volume and an image unit', () => {
    const text = `# a unit
[Unit]
Image=quay.io/acme/no:1
[Container]
Image="quay.io/acme/web:1.10"
Exec=run \\
# a comment in between
  Image=quay.io/acme/no:2
[Image]
Image = quay.io/acme/db:12
Arch=arm64
Variant=v8
AuthFile=/etc/auth.json
[Volume]
Driver=image
Image=tools.image
; Image=quay.io/acme/no:3
[Container]
Image=quay.io/acme/%i:1
[Kube]
Yaml=pod.yaml
`;
    expect(found(text, 'web.container', 'quadlet')).toEqual({
      requests: [
        [5, 'quay.io/acme/web:1.10'],
        [10, 'quay.io/acme/db:12'],
      ],
      candidates: [],
      rejects: [[19, expect.stringContaining('specifier of systemd')]],
      ignored: ['AuthFile', 'images of other units', 'manifests of Kube units'],
      warnings: [],
    });
    const list = parseList(Buffer.from(text), 'x', { format: 'auto', defaultRegistry: 'docker.io' });
    expect(list.requests.map(({ platforms }) => platforms)).toEqual([
      undefined,
      [{ os: 'linux', architecture: 'arm64' }],
    ]);
  });

  it('has a bound of stages, each of which a name with a platform is compared with', () => {
    const stages = Array.from({ length: 200_000 }, (_, at) => `FROM x-\${TARGETARCH} AS s${at}\n`);
    const { requests, rejects } = setsOf(`FROM a:1 AS s\n${stages.join('')}`, 'Dockerfile');
    expect(requests).toEqual(['1 docker.io/library/a:1']);
    expect(rejects?.at(-1)).toMatch(/^501 a Dockerfile has at most 500 stages/);
  });
});
