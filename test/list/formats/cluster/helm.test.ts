import { describe, expect, it } from 'vitest';
import { parseList } from '../../../../src/list/index.ts';
import { found } from '../found.ts';

const HEX = 'a'.repeat(64);

describe('L12: a Chart.yaml', () => {
  it('has the images of its annotations, which are YAML in text', () => {
    const text = `apiVersion: v2
name: acme
version: 1.0.0
appVersion: "2"
annotations:
  category: database
  artifacthub.io/images: |
    - name: web
      image: quay.io/acme/web:1.10
      whitelisted: true
    - image: quay.io/acme/db:12
      platforms: [linux/amd64, linux/arm64]
    - name: none
  images: "[{image: 'quay.io/acme/other:1'}]"
dependencies:
  - {name: sub, version: 1.0.0}
`;
    expect(found(text, 'Chart.yaml', 'helm-chart')).toEqual({
      requests: [
        [8, 'quay.io/acme/web:1.10'],
        [11, 'quay.io/acme/db:12'],
        [14, 'quay.io/acme/other:1'],
      ],
      candidates: [],
      rejects: [[13, 'this entry does not name an image']],
      ignored: ['dependencies'],
      warnings: [],
    });
    const list = parseList(Buffer.from(text), 'Chart.yaml', { format: 'auto', defaultRegistry: 'docker.io' });
    expect(list.requests[1]?.platforms).toEqual([
      { os: 'linux', architecture: 'amd64' },
      { os: 'linux', architecture: 'arm64' },
    ]);
  });

  it.each([
    ['a template', '    - image: {{ .Values.image }}', 'this list of images is a template'],
    ['no YAML', '    - image: a: b', 'it is not valid YAML'],
    ['an entry that is a list', '    - [a]', 'this entry does not name an image'],
  ])('with an annotation that is %s is refused at its line', (_, line, reason) => {
    const text = `apiVersion: v2\nname: a\nversion: "1"\nannotations:\n  images: |\n${line}\n`;
    expect(found(text, 'Chart.yaml', 'helm-chart').rejects[0]).toEqual([6, expect.stringContaining(reason)]);
  });
});

describe('L12: the values of a chart', () => {
  const candidates = (text: string): string[] =>
    found(text, 'values.yaml', 'helm-values').candidates.map(([, image]) => image);

  it.each([
    ['repository and tag', 'image: {repository: quay.io/a/b, tag: 1.10}', ['quay.io/a/b:1.10']],
    ['a registry', 'image: {registry: quay.io, repository: a/b, tag: "1"}', ['quay.io/a/b:1']],
    ['an empty registry', 'image: {registry: "", repository: a/b, tag: "1"}', ['a/b:1']],
    ['a digest', `image: {repository: a/b, digest: "sha256:${HEX}"}`, [`a/b@sha256:${HEX}`]],
    ['a bare digest', `image: {repository: a/b, tag: "1", sha: ${HEX}}`, [`a/b:1@sha256:${HEX}`]],
    ['an empty digest', 'image: {repository: a/b, tag: "1", digest: ""}', ['a/b:1']],
    ['no tag', 'image: {repository: a/b, tag: ""}', ['a/b:']],
    ['a tag in its name', 'image: {repository: "a/b:1", tag: ""}', ['a/b:1']],
    ['a name', 'web: {image: {name: a/b, tag: "1"}}', ['a/b:1']],
    ['an image and a tag', 'web: {image: a/b, tag: "1"}', ['a/b:1']],
    [
      'an image in a repository',
      'web: {repository: x.example/a, image: b, version: "1"}',
      ['x.example/a/b:1'],
    ],
    ['an image and imageTag', 'web: {image: a/b, imageTag: "1"}', ['a/b:1']],
    ['a whole reference', 'web: {image: "quay.io/a/b:1"}', ['quay.io/a/b:1']],
    ['a key that says image', 'web: {initImage: "busybox:1"}', ['busybox:1']],
    ['a variable', 'env: [{name: INIT_IMAGE, value: "quay.io/a/b:1"}]', ['quay.io/a/b:1']],
    [
      'a registry for all',
      'global: {imageRegistry: x.example}\nimage: {registry: quay.io, repository: a/b, tag: "1"}',
      ['x.example/a/b:1'],
    ],
    [
      'not a registry with a port',
      'global: {imageRegistry: "x.example:5000"}\nimageRegistries: ["y.example:5000"]\nimage: {repository: a/b, tag: "1"}',
      ['x.example:5000/a/b:1'],
    ],
    [
      'a hub',
      'global: {hub: docker.io/acme, tag: "1"}\nproxy: {image: proxyv2}',
      ['docker.io/acme/proxyv2:1'],
    ],
    [
      'a hub of its own',
      'hub: docker.io/acme\npilot: {hub: quay.io/x, tag: "2", image: pilot}',
      ['quay.io/x/pilot:2'],
    ],
    [
      'the tags of OpenStack',
      'images: {tags: {api: "quay.io/a/b:1", dep: "busybox:1"}, pull_policy: Always}',
      ['quay.io/a/b:1', 'busybox:1'],
    ],
    [
      'a repository of charts',
      'chart: {repository: "https://x.example/charts", version: "1"}\nweb: {image: "a/b:1"}',
      ['a/b:1'],
    ],
    ['a dependency', 'plugins: [{name: acme/plugin, version: "1"}]\nweb: {image: "a/b:1"}', ['a/b:1']],
  ])('are candidates: %s', (_, text, images) => {
    expect(candidates(`${text}\n`)).toEqual(images);
  });

  it.each([
    ['image: {repository: q.io/a/b, registry: r.io, tag: "1"}', ['r.io/q.io/a/b:1']],
    ['image: {registry: r.io/, repository: a/b}', ['r.io/a/b:']],
    ['web: {repository: a/b}', []],
    ['web: {repository: a/b, tag: {x: y}}', []],
    ['web: {repository: "https://x/a", tag: "1"}', []],
    ['web: {imageName: a/b, tag: "1"}', ['a/b:1']],
    ['web: {name: a/b, version: "1"}', []],
    ['web: {name: a/b, digest: ""}', ['a/b:']],
    ['web: {name: b, tag: "1"}', []],
    ['web: {image: a/b, name: c/d, tag: "1"}', ['a/b:1']],
    ['web: {repository: "a/b@sha256:0", tag: ""}', ['a/b@sha256:0']],
    ['web: {repository: "r.io:5000/a", tag: ""}', ['r.io:5000/a:']],
    ['web: {repository: "r.io:5000/a:10", tag: ""}', ['r.io:5000/a:10']],
    ['web: {repository: a/b, tag: "1", version: "2", imageTag: "3"}', ['a/b:1']],
    ['web: {repository: a/b, tag: "", version: " ", imageTag: "3"}', ['a/b:3']],
    ['web: {repository: "", tag: "1"}', []],
    ['web: {repository: a/b, digest: "@sha256:00"}', ['a/b@sha256:00']],
    ['web: {repository: a/b, sha: "00", digest: ""}', ['a/b@sha256:00']],
    ['global: {imageRegistry: ""}\nimage: {registry: q.io, repository: a, tag: "1"}', ['q.io/a:1']],
    ['image: {repository: a/b, tag: "1", image: {repository: c/d, tag: "2"}}', ['a/b:1', 'c/d:2']],
    [
      'global: {hub: h.io, tag: "3"}\na: {image: b}\nc: {image: b, tag: "4"}\nd: {image: "q.io/b:1"}\ne: {image: B}',
      ['h.io/b:3', 'h.io/b:4', 'q.io/b:1'],
    ],
    ['hub: h.io\na: {repository: x/y, image: z, tag: "1"}\nb: {image: [b]}', ['x/y/z:1']],
    ['hub: h.io\na: {image: b}', ['h.io/b:']],
    ['tag: "1"\na: {image: b}', []],
    ['images: {tags: [a/b:1], x: {tags: {a: "a/c:1"}}}', []],
    ['images: {tags: {a: " a/b:1 ", b: [x], c: "a"}}\nother: {tags: {d: "e/f:1"}}', ['a/b:1']],
    [
      'env: [{name: lower_image, value: "b:1"}, {name: A_IMAGE, value: "b:2"}, {name: B, value: "c:1"}]',
      ['b:2'],
    ],
    ['initImage: " b:1 "\nx: "a/b:1"\nmyImages: ["c:1", {d: "e:1"}]', ['b:1', 'c:1']],
  ])('are put together from the fields of a mapping: %j', (text, images) => {
    expect(candidates(`${text}\n`)).toEqual(images);
  });

  it('have their lines, and are no requests', () => {
    const text = 'replicas: 1\nimage:\n  repository: quay.io/a/b\n  tag: "1"\nsidecarImage: quay.io/a/c:1\n';
    expect(found(text, 'values-prod.yaml', 'helm-values')).toEqual({
      requests: [],
      candidates: [
        [3, 'quay.io/a/b:1', 'it is a value of a chart'],
        [5, 'quay.io/a/c:1', 'it is a value of a chart: sidecarImage'],
      ],
      rejects: [],
      ignored: [],
      warnings: [],
    });
  });

  it('are recognised by their name among keys of other formats', () => {
    const text = 'jobs: {a: {image: {repository: quay.io/a/b, tag: "1"}}}\nstages: []\nimage: a\n';
    expect(found(text, 'charts/values.yaml', 'helm-values').candidates).toHaveLength(1);
    expect(found(text, 'charts/my-values.yaml', 'helm-values').candidates).toHaveLength(1);
  });

  it('are not our own list, which may have their name', () => {
    expect(found('images: [a/b:1]\n', 'values.yaml', 'list').requests).toHaveLength(1);
  });
});
