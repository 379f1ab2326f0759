import { describe, expect, it } from 'vitest';
import { parseList } from '../../../../src/list/index.ts';
import { setsOf } from '../../../support/list-sets.ts';
import { found } from '../found.ts';

const read = (text: string) => found(text, 'compose.yaml', 'compose');

describe('L15: a Compose file', () => {
  it('has the images of its services, of all profiles, and of their volumes', () => {
    const text = `name: acme
x-common: &common
  image: quay.io/acme/unused:1
  restart: always
x-web: &web {image: "quay.io/acme/web:1.10"}
x-more: &more {restart: always}
services:
  web:
    <<: [*web, *more]
  db:
    image: postgres:16
    platform: linux/arm64
    profiles: [debug]
    volumes:
      - ./data:/data
      - {type: image, source: quay.io/acme/files:2, target: /files}
      - {type: bind, source: /etc/x, target: /y}
  reset:
    image: !reset null
networks: {}
`;
    expect(read(text)).toEqual({
      requests: [
        [5, 'quay.io/acme/web:1.10'],
        [11, 'docker.io/library/postgres:16'],
        [16, 'quay.io/acme/files:2'],
      ],
      candidates: [],
      rejects: [],
      ignored: ['profiles', 'networks'],
      warnings: [],
    });
  });

  it('has the platform of a service', () => {
    const text = 'services:\n  a: {image: "x:1", platform: linux/arm/v7}\n  b: {image: "y:1"}\n';
    const list = parseList(Buffer.from(text), 'compose.yaml', {
      format: 'auto',
      defaultRegistry: 'docker.io',
    });
    expect(list.requests.map(({ platforms }) => platforms)).toEqual([
      [{ os: 'linux', architecture: 'arm', variant: 'v7' }],
      undefined,
    ]);
    expect(read('services:\n  a: {image: "x:1", platform: linux}\n').rejects).toHaveLength(1);
  });

  it('trap 5: has no request for what a service builds, and says so', () => {
    const text = `services:
  app:
    build:
      context: .
      additional_contexts:
        base: docker-image://quay.io/acme/base:1
        src: ../src
    image: quay.io/acme/app:1
  other: {build: ., image: "quay.io/acme/other:1"}
  fragment: {environment: {A: b}}
models:
  small: {model: ai/small}
  large: {model: "ai/large:7b"}
`;
    expect(read(text)).toEqual({
      requests: [],
      candidates: [
        [6, 'quay.io/acme/base:1', 'it is a context of a build'],
        [12, 'ai/small:latest', 'it is a model'],
        [13, 'ai/large:7b', 'it is a model'],
      ],
      rejects: [],
      ignored: [],
      warnings: [
        [3, expect.stringContaining(`'app' builds its image, which is not saved`)],
        [9, expect.stringContaining(`'other' builds its image, which is not saved`)],
      ],
    });
  });

  it.each([
    ['services: [{image: "a:1"}]\nx-a: {image: "b:1"}', { format: 'compose' }],
    [
      'services:\n  a: {image: ""}\n  b: {image: "b:1", build: ~, volumes: {type: image, source: "c:1"}, extends: web}',
      { format: 'compose', requests: ['3 docker.io/library/b:1'], ignored: ['empty image'] },
    ],
    [
      'services: {a: {image: "a:1", platform: [x], volumes: [{type: " image ", source: "b:1"}, {type: image}, {source: "c:1"}, "d:1"]}}',
      { format: 'compose', requests: ['1 docker.io/library/a:1', '1 docker.io/library/b:1'] },
    ],
    [
      'services: {a: {image: [x]}}\nmodels: {a: {model: [x]}, b: x, c: {model: " a/b "}}\nversion: "3"\nvolumes: {}',
      {
        format: 'compose',
        candidates: ['2 a/b:latest (it is a model)'],
        rejects: [`1 'image' is not text`],
        ignored: ['volumes'],
      },
    ],
    ['models: [{model: a/b}]\nservices: {}', { format: 'compose' }],
  ])('has nothing where a part is another kind of value: %j', (text, expected) => {
    expect(setsOf(text, 'compose.yaml', 'compose')).toEqual(expected);
  });

  it('names a service that builds only where its name is a word', () => {
    const context = '{x: [docker-image://a:1], y: "x docker-image://a:1", z: " docker-image://a:1 "}';
    const text = `services:\n  "a b": {build: {additional_contexts: [docker-image://a:1]}}\n  c: {build: {additional_contexts: ${context}}}\n`;
    const { warnings, candidates } = read(text);
    expect(warnings.map(([line, message]) => [line, message.replace(/ builds.*/, '')])).toEqual([
      [2, 'a service'],
      [3, `the service 'c'`],
    ]);
    expect(candidates).toEqual([[3, 'a:1', 'it is a context of a build']]);
  });

  it('says that it does not read the files that it names', () => {
    const text = `include: [other.yaml]
services:
  web: {image: "x:1", extends: {file: base.yaml, service: web}}
  again: {image: "y:1", extends: {service: web}}
`;
    expect(read(text).warnings).toEqual([
      [1, expect.stringContaining(`the files that 'include' names are not read`)],
      [3, expect.stringContaining(`the files that 'extends' names are not read`)],
    ]);
  });

  it('trap 14: is refused as a template', () => {
    const list = parseList(Buffer.from('services:\n  a:\n    image: {{ image }}\n'), 'compose.yaml', {
      format: 'auto',
      defaultRegistry: 'docker.io',
    });
    expect(list.rejects).toMatchObject([{ origin: { line: 3 }, reason: 'this is a template' }]);
  });
});
