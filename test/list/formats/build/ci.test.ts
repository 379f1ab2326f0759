import { describe, expect, it } from 'vitest';
import { setsOf } from '../../../support/list-sets.ts';
import { found } from '../found.ts';

/** The candidates of a file: each with its line. */
function candidates(text: string, format: string): (string | number)[][] {
  const list = found(text, 'file', format);
  expect(list.requests).toEqual([]);
  expect(list.rejects).toEqual([]);
  return list.candidates.map(([line, image]) => [line, image]);
}

describe('L15: images of pipelines are candidates', () => {
  it('in a workflow of GitHub', () => {
    const text = `on: push
jobs:
  test:
    container: quay.io/acme/build:1
    services:
      db: {image: "postgres:16"}
      none: {image: ""}
    steps:
      - uses: docker://quay.io/acme/step:1
      - uses: actions/checkout@v4
  other:
    container: {image: "quay.io/acme/other:\${{ matrix.v }}"}
`;
    expect(candidates(text, 'github-workflow')).toEqual([
      [4, 'quay.io/acme/build:1'],
      [6, 'postgres:16'],
      [9, 'quay.io/acme/step:1'],
      [12, 'quay.io/acme/other:${{ matrix.v }}'],
    ]);
  });

  it('in an action of GitHub', () => {
    const action = 'name: a\nruns:\n  using: docker\n  image: docker://quay.io/acme/a:1\n';
    expect(candidates(action, 'github-workflow')).toEqual([[4, 'quay.io/acme/a:1']]);
    expect(candidates(action.replace('docker://quay.io/acme/a:1', 'Dockerfile'), 'github-workflow')).toEqual(
      [],
    );
    const composite = 'runs:\n  using: composite\n  steps: [{uses: "docker://a/b:1"}]\n';
    expect(candidates(composite, 'github-workflow')).toEqual([[3, 'a/b:1']]);
  });

  it('in a pipeline of GitLab', () => {
    const text = `stages: [build]
include: [other.yml]
image: quay.io/acme/all:1
services: ["docker:dind"]
default: {image: {name: "quay.io/acme/default:1", entrypoint: [""]}}
build:
  image: $CI_REGISTRY/build:1
  services: [{name: "postgres:16", alias: db}]
  script: [make]
`;
    expect(candidates(text, 'gitlab-ci')).toEqual([
      [3, 'quay.io/acme/all:1'],
      [4, 'docker:dind'],
      [5, 'quay.io/acme/default:1'],
      [7, '$CI_REGISTRY/build:1'],
      [8, 'postgres:16'],
    ]);
  });

  it('in a devcontainer.json, which has comments', () => {
    const text = `// For format details, see https://x.example
{
  "name": "a", // a name
  /* several
     lines */
  "image": "quay.io/acme/dev:1",
  "postCreateCommand": "curl https://x.example // no comment",
  "features": {
    "ghcr.io/acme/node:1": {},
  },
}
`;
    expect(candidates(text, 'devcontainer')).toEqual([[6, 'quay.io/acme/dev:1']]);
    expect(found(text, 'devcontainer.json', 'devcontainer').ignored).toEqual(['features']);
  });

  it.each([
    ['github-workflow', 'on: x\njobs: [{container: "a:1"}]', []],
    ['github-workflow', 'jobs: {a: {container: [a], services: ["b:1"], steps: {uses: "docker://c:1"}}}', []],
    [
      'github-workflow',
      'jobs: {b: {container: {image: "docker://d:1"}, services: {x: "docker://e:1", y: {image: [f]}}}}',
      ['d:1', 'e:1'],
    ],
    [
      'github-workflow',
      'jobs: {b: {steps: [{uses: [x]}, {uses: "x docker://g:1"}, {uses: " docker://h:1"}]}}',
      ['h:1'],
    ],
    ['gitlab-ci', 'a: {services: "b:1", image: ["c"]}', ['b:1']],
    ['gitlab-ci', 'a: {services: [{name: [x]}, {alias: "b:1"}]}', []],
    ['devcontainer', '{"image": {"image": "a:1"}}', ['a:1']],
    ['devcontainer', '{"image": ["a:1"]}', []],
  ])('in %s have nothing where a part is another kind of value: %s', (format, text, images) => {
    const { candidates: found = [], ...rest } = setsOf(text, 'x', format);
    expect(found.map((candidate) => candidate.split(' ')[1])).toEqual(images);
    expect(rest).toEqual({ format });
  });

  it('are told with what was not read beside them', () => {
    const text = '{"image": "a:1", "build": {}, "dockerFile": "x", "dockerComposeFile": "y"}';
    expect(setsOf(text, 'x').ignored).toEqual(['dockerComposeFile', 'build', 'dockerFile']);
    expect(setsOf('stages: []\ninclude: x').ignored).toEqual(['include']);
    expect(setsOf('stages: []\n').ignored).toBeUndefined();
  });
});
