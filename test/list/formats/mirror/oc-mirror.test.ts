import { describe, expect, it } from 'vitest';
import { parseList, readLists } from '../../../../src/list/index.ts';
import { setsOf } from '../../../support/list-sets.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const HEAD = 'apiVersion: mirror.openshift.io/v2alpha1\nkind: ImageSetConfiguration\n';

const FILE = `${HEAD}archiveSize: 4
mirror:
  additionalImages:
    - name: registry.example/ubi/ubi:9.4
    - name: quay.io/acme/tool@${DIGEST}
      targetRepo: mirror/tool
      targetTag: "1.10"
    - name: quay.io/acme/job:2
      targetRepo: mirror/job
    - name: docker://quay.io:5000/acme/job:3
      targetTag: latest
    - name: oci:///layouts/base
  blockedImages:
    - name: quay.io/acme/old
  operators:
    - catalog: registry.example/index:v4
  platform:
    graph: true
    release: quay.io/release/payload:4.16
  samples: [{name: x}]
`;

describe('L15, L18: an ImageSetConfiguration of oc-mirror', () => {
  it('gives its additional images, and releases and catalogs as candidates', () => {
    expect(setsOf(FILE)).toEqual({
      format: 'oc-mirror',
      requests: [
        '6 registry.example/ubi/ubi:9.4',
        `7 quay.io/acme/tool@${DIGEST} => quay.io/mirror/tool:1.10`,
        '10 quay.io/acme/job:2 => quay.io/mirror/job:2',
        '12 quay.io:5000/acme/job:3 => quay.io:5000/acme/job:latest',
        '14 oci:/layouts/base',
      ],
      candidates: [
        '18 registry.example/index:v4 (a catalog of operators, without their images)',
        '21 quay.io/release/payload:4.16 (a release of OpenShift, without its images)',
      ],
      leftOut: ['16 quay.io/acme/old (regex)'],
      ignored: ['archiveSize', 'samples'],
    });
  });

  it.each([
    ['platform: {channels: [{name: stable}]}', 'a release channel'],
    ['ocp: {channels: [{name: stable}]}', 'a release channel'],
    ['operators: [{catalog: "x.example/i:1", packages: [{name: a}]}]', 'a package of a catalog'],
    ['operators: [{catalog: "x.example/i:1", full: true}]', 'a whole catalog'],
    ['helm: {repositories: [{name: a}]}', 'a Helm chart'],
    ['helm: {local: [{name: a}]}', 'a Helm chart'],
  ])('refuses %s: its images would be missing', (part, what) => {
    const text = `${HEAD}mirror:\n  additionalImages: [{name: "a:1"}]\n  ${part}\n`;
    expect(setsOf(text)).toMatchObject({
      requests: ['4 docker.io/library/a:1'],
      rejects: [`5 ${what} stands for images that this list does not name`],
    });
  });

  it.each([
    ['platform: {channels: [], graph: true}'],
    ['operators: []'],
    ['helm: {repositories: [], local: []}'],
    ['helm:'],
    ['blockedImages: []'],
  ])('takes no offence at %s', (part) => {
    const text = `${HEAD}mirror:\n  additionalImages: [{name: "a:1"}]\n  ${part}\n`;
    expect(setsOf(text)).toEqual({ format: 'oc-mirror', requests: ['4 docker.io/library/a:1'] });
  });

  it('names an image by its target tag alone, also where its source has a digest', () => {
    const text = `${HEAD}mirror: {additionalImages: [{name: "quay.io/a/b@${DIGEST}", targetTag: v1}]}\n`;
    expect(setsOf(text).requests).toEqual([`3 quay.io/a/b@${DIGEST} => quay.io/a/b:v1`]);
  });

  it('may say nothing of what is mirrored', () => {
    expect(setsOf(HEAD)).toEqual({ format: 'oc-mirror' });
  });

  it('minds no case of its keys, as oc-mirror itself', () => {
    const text = `${HEAD}Mirror:\n  additionalimages:\n    - Name: a:1\n  Platform: {Channels: [{name: x}]}\n`;
    expect(setsOf(text)).toEqual({
      format: 'oc-mirror',
      requests: ['5 docker.io/library/a:1'],
      rejects: ['6 a release channel stands for images that this list does not name'],
    });
  });

  it('is an error where it names no image', async () => {
    const bytes = new TextEncoder().encode(`${HEAD}archiveSize: 4\nmirror: {platform: {graph: true}}\n`);
    const options = { format: 'auto', defaultRegistry: 'docker.io' } as const;
    const list = { file: 'isc.yaml', ...parseList(bytes, 'isc.yaml', options) };
    const read = readLists({
      ...options,
      images: [],
      files: [],
      lists: [list],
      strictTags: false,
      onCandidate: 'report',
    });
    await expect(read).rejects.toThrow(
      'isc.yaml: read as an ImageSetConfiguration of oc-mirror, it does not name any image',
    );
  });

  it('rejects an additional image without a name', () => {
    const text = `${HEAD}mirror:\n  additionalImages:\n    - targetTag: x\n    - a:1\n`;
    expect(setsOf(text).rejects).toEqual([
      '5 this entry does not name an image',
      '6 an additional image is not a mapping of keys to values',
    ]);
  });

  it('leaves blocked images out by regular expressions, also in the form of v1', () => {
    const text = `${HEAD}mirror:\n  additionalImages: [{name: "a:1"}]\n  blockedImages:\n    - ^x\n    - {Name: y}\n    - {}\n    - [z]\n`;
    expect(setsOf(text)).toMatchObject({
      leftOut: ['6 ^x (regex)', '7 y (regex)'],
      rejects: ['8 this entry does not name an image', '9 a blocked image is not text'],
    });
  });
});
