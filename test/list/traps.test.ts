import { describe, expect, it } from 'vitest';
import { type ListSets, setsOf } from '../support/list-sets.ts';

const D = (digit: string): string => `sha256:${digit.repeat(64)}`;
const utf16 = (text: string): string => `\uFEFF${text}`;

/** What trips up readers of lists that people have: the trap, the file, and what a careful reader finds in it. */
const TRAPS: readonly (readonly [trap: string, file: string, text: string, sets: ListSets])[] = [
  [
    '1: tags that YAML takes for numbers, times and truth',
    'list.yaml',
    [
      'images:',
      ...['1.10', '1.0', '007', '1e3', '0x1f', '2024-01-01', '3_5', 'on', 'yes'].map(
        (tag) => `  - {image: quay.io/a/b, tag: ${tag}}`,
      ),
    ].join('\n'),
    {
      format: 'list',
      requests: ['1.10', '1.0', '007', '1e3', '0x1f', '2024-01-01', '3_5', 'on', 'yes'].map(
        (tag, at) => `${at + 2} quay.io/a/b:${tag}`,
      ),
    },
  ],
  [
    '2: a byte order mark, line ends of Windows, no-break and zero-width spaces, no last line end',
    'images.txt',
    utf16('quay.io/a/b:1\r\n\u00A0quay.io/a/c:2\u200B\r\n\uFEFFquay.io/a/d:3'),
    { format: 'plain', requests: ['1 quay.io/a/b:1', '2 quay.io/a/c:2', '3 quay.io/a/d:3'] },
  ],
  [
    '3: options and pasted commands before a reference, and an option without one',
    'images.txt',
    '--platform=linux/arm64 quay.io/a/b:1\ndocker pull quay.io/a/c:2\n--platform=linux/arm64\n',
    {
      format: 'plain',
      requests: ['1 quay.io/a/b:1 [linux/arm64]', '2 quay.io/a/c:2'],
      rejects: ['3 this entry does not name an image'],
    },
  ],
  [
    '4: a second column that is a digest, a platform or a stored name',
    'images.txt',
    `quay.io/a/b:1 ${D('a')}\nquay.io/a/c:2 linux/arm64\nquay.io/a/d:3 => site.example/d:3\n`,
    {
      format: 'plain',
      requests: [
        `1 quay.io/a/b:1@${D('a')}`,
        '2 quay.io/a/c:2 [linux/arm64]',
        '3 quay.io/a/d:3 => site.example/d:3',
      ],
    },
  ],
  [
    '5: entries that are to be left out, or chosen between',
    'sources.yaml',
    'images:\n  - SourceArtifact: quay.io/a/b\n    Tags: ["1", "2"]\n    DoNotMirror: ["1"]\n  - SourceArtifact: quay.io/a/c\n    Tags: ["1"]\n    DoNotMirror: true\n',
    { format: 'source-tags', requests: ['3 quay.io/a/b:2'] },
  ],
  [
    '6: the schema of a custom resource with a property `image`',
    'crd.yaml',
    'apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nspec:\n  versions:\n    - schema: {openAPIV3Schema: {properties: {image: {type: string, default: "quay.io/a/b:1"}}}}\n---\napiVersion: v1\nkind: Pod\nspec: {containers: [{name: a, image: "quay.io/a/c:1"}]}\n',
    { format: 'kubernetes', requests: ['9 quay.io/a/c:1'] },
  ],
  [
    '7: a variable whose text has lines of versions and references',
    'pod.yaml',
    'apiVersion: v1\nkind: Pod\nspec:\n  containers:\n    - name: a\n      image: quay.io/a/b:1\n      env:\n        - name: IMAGES\n          value: |\n            1.1=quay.io/a/c:1\n            1.2=quay.io/a/c:2\n',
    { format: 'kubernetes', requests: ['6 quay.io/a/b:1'] },
  ],
  [
    '8: the names of Docker Hub',
    'images.txt',
    'index.docker.io/library/busybox:1\ndocker.io/busybox:1\nregistry-1.docker.io/busybox:1\nbusybox:1\n',
    { format: 'plain', requests: [1, 2, 3, 4].map((line) => `${line} docker.io/library/busybox:1`) },
  ],
  [
    '9: many digests of one repository, without tags',
    'images.txt',
    '0123456789a'
      .split('')
      .map((digit) => `quay.io/a/b@${D(digit)}\n`)
      .join(''),
    {
      format: 'plain',
      requests: '0123456789a'.split('').map((digit, at) => `${at + 1} quay.io/a/b@${D(digit)}`),
    },
  ],
  [
    '10: signatures of cosign and charts within a list of images',
    'images.txt',
    `quay.io/a/b:1\nquay.io/a/b:sha256-${'a'.repeat(64)}.sig\noci://quay.io/charts/web:1.2.3\n`,
    {
      format: 'plain',
      requests: [
        '1 quay.io/a/b:1',
        `2 quay.io/a/b:sha256-${'a'.repeat(64)}.sig`,
        '3 quay.io/charts/web:1.2.3',
      ],
    },
  ],
  [
    '12: pasted commands and a secret at the end of a list',
    'images.txt',
    'quay.io/a/b:1\nquay.io/a/c:1\nexport TOKEN=ghp_16C7e42F292c6912E7710c838347Ae178B4a\n',
    { format: 'plain', requests: ['1 quay.io/a/b:1', '2 quay.io/a/c:1'] },
  ],
  [
    '13: a known format without an image',
    'imageset.yaml',
    'kind: ImageSetConfiguration\napiVersion: mirror.openshift.io/v2alpha1\nmirror: {}\n',
    { format: 'oc-mirror' },
  ],
  [
    '15: one image in two spellings, and one name with two digests',
    'images.txt',
    `quay.io/a/b:1@${D('a')}\nquay.io/a/b:1@${D('b')}\n`,
    { format: 'plain', requests: [`1 quay.io/a/b:1@${D('a')}`, `2 quay.io/a/b:1@${D('b')}`] },
  ],
  [
    '16: a registry with a path, and tags in a comma or an expression',
    'sync.yaml',
    'registry.example/team:\n  images: {api: ["1.10"]}\n',
    { format: 'skopeo-sync', requests: ['2 registry.example/team/api:1.10'] },
  ],
  [
    '17: rows without a name, and the header of a tool',
    'docker.txt',
    'REPOSITORY   TAG    IMAGE ID       CREATED      SIZE\n<none>       <none> 0123456789ab   2 days ago   2MB\nquay.io/a/b  1      0123456789ac   2 days ago   2MB\n',
    { format: 'tool-output', requests: ['3 quay.io/a/b:1'] },
  ],
];

describe('a list with a trap', () => {
  it.each(TRAPS)('%s', (_, file, text, sets) => {
    // What a case does not say is not looked at.
    expect(setsOf(text, file)).toMatchObject(sets);
  });

  it('12: is refused for its last line, without the secret', () => {
    const { rejects = [] } = setsOf(
      'quay.io/a/b:1\nexport TOKEN=ghp_16C7e42F292c6912E7710c838347Ae178B4a\n',
      'images.txt',
    );
    expect(rejects).toEqual([expect.stringMatching(/^2 /)]);
    expect(rejects.join()).not.toContain('16C7');
  });

  it('14: that is a template is refused as one', () => {
    const { rejects } = setsOf('services:\n  web:\n    image: {{ .Values.image }}\n', 'compose.yaml');
    expect(rejects).toEqual(['3 this is a template']);
  });

  it('16: in image-syncer asks for several tags, and for tags by a rule', () => {
    const sets = setsOf('quay.io/a/b:1,2: site.example/b\nquay.io/a/c:/^1/: site.example/c\n', 'sync.yaml');
    expect([sets.format, sets.requests?.map((line) => line.slice(2)), sets.tags?.length]).toEqual([
      'image-syncer',
      ['quay.io/a/b:1', 'quay.io/a/b:2'],
      1,
    ]);
  });
});
