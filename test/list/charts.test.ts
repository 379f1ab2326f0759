import { mkdir, realpath, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ListInputs, readLists, surveyLists } from '../../src/list/index.ts';
import {
  EMPTY_VALUES,
  isDisabled,
  mergeValues,
  withGlobal,
  withoutKeys,
} from '../../src/list/formats/cluster/chart-values.ts';
import type { Tree } from '../../src/list/syntax/tree.ts';
import { parseYamlTrees } from '../../src/list/syntax/yaml-tree.ts';
import { refOf } from '../../src/resolve/index.ts';
import { outputOf } from '../support/program.ts';
import { tempFolder, type TempFolder } from '../support/temp.ts';

let temp: TempFolder;
let count = 0;
beforeAll(async () => {
  temp = await tempFolder('charts');
});
afterAll(() => temp.close());

/** Writes files into a new folder. */
async function folderWith(files: Record<string, string>): Promise<string> {
  count += 1;
  const folder = path.join(temp.path, String(count), 'shop');
  for (const [name, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
    await writeFile(path.join(folder, name), text);
  }
  return folder;
}

/** The archive of a folder, beside it. */
async function archiveOf(folder: string): Promise<string> {
  const archive = `${folder}-1.0.0.tgz`;
  await outputOf('tar', ['-czf', archive, '-C', path.dirname(folder), path.basename(folder)]);
  return archive;
}

async function survey(file: string, inputs: Partial<ListInputs> = {}) {
  const list = await surveyLists({
    images: ['quay.io/acme/own:1'],
    files: [file],
    format: 'auto',
    defaultRegistry: 'docker.io',
    strictTags: false,
    onCandidate: 'report',
    ...inputs,
  });
  const place = ({ file: at, line }: { file: string; line: number }): string =>
    `${path.relative(file, at)}:${line}`;
  return {
    requests: list.requests.slice(0, -1).map(({ source, origin }) => `${place(origin)} ${refOf(source)}`),
    candidates: list.candidates.map(({ text, origin }) => `${place(origin)} ${text}`),
    rejects: list.rejects.map(({ origin, reason }) => `${place(origin)} ${reason}`),
    warnings: list.warnings.map(({ origin, message }) => `${place(origin)} ${message}`),
    problems: list.problems.map(({ reason }) => reason),
    ignored: list.lists[0]?.ignored,
  };
}

const SHOP = {
  'Chart.yaml': `apiVersion: v2
name: shop
version: 1.0.0
appVersion: "2.5"
annotations:
  images: |
    - image: quay.io/acme/web:2.4
dependencies:
  - {name: db, version: 1.x, repository: "https://x.example", alias: store}
  - {name: cache, version: 1.x, condition: "cache.missing, cache.enabled"}
  - {name: queue, version: 1.x, tags: [extra]}
  - {name: absent, version: 1.x}
`,
  'values.yaml': `global: {imageRegistry: mirror.example}
web:
  image: {repository: acme/web, tag: ""}
store:
  image: {tag: "13"}
  sidecar: null
cache: {enabled: false}
tags: {extra: false}
`,
  'templates/web.yaml': 'image: {{ .Values.web.image }}\n',
  'charts/db/Chart.yaml': 'apiVersion: v2\nname: db\nversion: 1.0.0\nappVersion: "12"\n',
  'charts/db/values.yaml': `image: {registry: quay.io, repository: acme/db, tag: ""}
sidecar: {image: "quay.io/acme/sidecar:1"}
`,
  'charts/db/charts/tools/Chart.yaml': 'apiVersion: v2\nname: tools\nversion: 1.0.0\nappVersion: "7"\n',
  'charts/db/charts/tools/values.yaml': 'image: {repository: acme/tools}\ntoolImage: quay.io/acme/tool:1\n',
  'charts/cache/Chart.yaml': 'apiVersion: v2\nname: cache\nversion: 1.0.0\n',
  'charts/cache/values.yaml': 'image: {repository: acme/cache, tag: "1"}\n',
  'charts/queue/Chart.yaml': 'apiVersion: v2\nname: queue\nversion: 1.0.0\n',
  'charts/queue/values.yaml': 'image: {repository: acme/queue, tag: "1"}\n',
};
const FOUND = {
  requests: ['Chart.yaml:7 quay.io/acme/web:2.4'],
  candidates: [
    'charts/db/charts/tools/values.yaml:1 mirror.example/acme/tools:7',
    'charts/db/charts/tools/values.yaml:2 quay.io/acme/tool:1',
    'values.yaml:5 mirror.example/acme/db:13',
    'values.yaml:3 mirror.example/acme/web:2.5',
  ],
  rejects: [],
  warnings: ['Chart.yaml:12 the subchart absent is not in the chart: helm dependency build puts it there'],
  problems: [],
  ignored: ['subchart cache, which is disabled', 'subchart queue, which is disabled', 'templates'],
};

describe('L12: a chart', () => {
  it('in a folder has its annotations and its values, and subcharts through their parents alone', async () => {
    expect(await survey(await folderWith(SHOP))).toEqual(FOUND);
  });

  it('in an archive has the same', async () => {
    expect(await survey(await archiveOf(await folderWith(SHOP)))).toEqual(FOUND);
  });

  it('has subcharts in archives, too, and those of Helm 2', async () => {
    const inner = await archiveOf(
      await folderWith({
        'Chart.yaml': 'apiVersion: v1\nname: inner\nversion: 1.0.0\nappVersion: "3"\n',
        'values.yaml': 'image: {repository: acme/inner}\n',
      }),
    );
    const outer = await folderWith({
      'Chart.yaml': 'apiVersion: v1\nname: outer\nversion: 1.0.0\n',
      'requirements.yaml': 'dependencies:\n  - {name: inner, version: 1.x, condition: inner.enabled}\n',
      'values.yaml': 'inner: {image: {tag: "4"}}\n',
      'charts/README.md': 'a file\n',
    });
    await outputOf('cp', [inner, path.join(outer, 'charts', 'inner-1.0.0.tgz')]);
    const candidates = ['values.yaml:1 acme/inner:4'];
    expect(await survey(outer)).toMatchObject({ candidates, rejects: [] });
    expect(await survey(await archiveOf(outer))).toMatchObject({ candidates, rejects: [] });
  });

  it('has the places of its values where they are saved', async () => {
    const { requests, warnings } = await survey(
      await folderWith({
        ...SHOP,
        'values.yaml': 'image: {repository: acme/web}\n',
        'charts/db/values.yaml': 'image: {repository: acme/db, tag: "13"}\n',
      }),
      { onCandidate: 'accept' },
    );
    expect(requests).toEqual(
      expect.arrayContaining([
        'charts/db/values.yaml:1 docker.io/acme/db:13',
        'values.yaml:1 docker.io/acme/web:2.5',
      ]),
    );
    expect(warnings).toContain(
      "charts/db/charts/tools/values.yaml:1 1 image without a registry: docker.io is meant; the first is 'acme/tools:7'",
    );
  });

  it('whose list and values disagree on a tag is warned of', async () => {
    const chart = await folderWith({
      ...SHOP,
      'values.yaml': 'image: {registry: quay.io, repository: acme/web, tag: "2.5"}\n',
    });
    const { warnings } = await survey(chart);
    expect(warnings).toContain(
      'values.yaml:1 Chart.yaml lists quay.io/acme/web:2.4, and the values have another tag',
    );
  });

  it('has its faults at their files and lines', async () => {
    const chart = await folderWith({ ...SHOP, 'values.yaml': 'a: 1\nb: "\n' });
    const { problems } = await survey(chart);
    expect(problems).toEqual([expect.stringMatching(/not valid YAML/)]);
  });

  it.each([
    [
      'damaged',
      () => gzipSync('x'.repeat(5000)).subarray(0, 20),
      /compression is damaged|not an archive of a chart/,
    ],
    ['something else', () => gzipSync('quay.io/a/b:1\n'), /not an archive of a chart/],
    ['empty', () => gzipSync(Buffer.alloc(1024)), /no Chart\.yaml: only charts are read so/],
    ['a bomb', () => gzipSync(Buffer.alloc(300 * 1024 * 1024)), /no Chart\.yaml|larger than 256 MiB|damaged/],
  ])('in an archive that is %s is refused', async (_, bytes, reason) => {
    const file = path.join(await folderWith({ 'x.txt': '' }), 'chart.tgz');
    await writeFile(file, bytes());
    expect((await survey(file)).problems).toEqual([expect.stringMatching(reason)]);
  });

  it('may have a file in place of the folder of its subcharts, and no folder that leads to itself', async () => {
    const chart = await folderWith({ 'Chart.yaml': SHOP['Chart.yaml'], charts: 'a file\n' });
    expect((await survey(chart)).requests).toEqual(FOUND.requests);
    const loop = await folderWith({ 'Chart.yaml': SHOP['Chart.yaml'] });
    await symlink('charts', path.join(loop, 'charts'));
    expect((await survey(loop)).problems).toEqual(['it cannot be read (ELOOP)']);
  });

  it('with archives in it that are large together is refused', async () => {
    const large = await folderWith({ 'Chart.yaml': 'name: large\n', 'filler.bin': '' });
    await writeFile(path.join(large, 'filler.bin'), Buffer.alloc(60 * 1024 * 1024));
    const inner = await archiveOf(large);
    const outer = await folderWith({ 'Chart.yaml': 'name: outer\n', 'charts/README.md': '' });
    for (const name of ['a', 'b', 'c', 'd', 'e'])
      await outputOf('cp', [inner, path.join(outer, 'charts', `${name}.tgz`)]);
    expect((await survey(outer)).problems).toEqual(['unpacked it is larger than 256 MiB']);
  });

  it('whose subcharts are links to one another is refused', async () => {
    const chart = await folderWith({ 'Chart.yaml': 'name: outer\n', 'loop/charts/README.md': '' });
    await mkdir(path.join(chart, 'charts'));
    for (let at = 0; at < 30; at += 1) {
      await symlink('../loop', path.join(chart, 'charts', `a${at}`));
      await symlink('../../loop', path.join(chart, 'loop', 'charts', `a${at}`));
    }
    expect((await survey(chart)).problems).toEqual(['it has more than 200 subcharts']);
  });

  it('that is untrusted is not led out of its checkout by a link', async () => {
    const secret = await folderWith({ 'values.yaml': 'image: {repository: acme/secret, tag: "1"}\n' });
    const chart = await folderWith({ 'Chart.yaml': SHOP['Chart.yaml'] });
    await symlink(path.join(secret, 'values.yaml'), path.join(chart, 'values.yaml'));
    const boundary = { checkout: [chart], folders: [await realpath(chart)] };
    expect((await survey(chart, { boundary })).problems).toEqual([
      expect.stringMatching(/values\.yaml: links followed/),
    ]);
  });
});

describe('L12: the values of a subchart', () => {
  const tree = (text: string): Tree => parseYamlTrees(text).roots[0] ?? EMPTY_VALUES;
  const plain = (value: Tree): unknown => {
    if (value.kind === 'scalar') return value.text;
    if (value.kind === 'sequence') return value.items.map(plain);
    return value.entries.map(({ key, value: inner }) => [key, plain(inner)]);
  };

  it.each([
    [
      '{a: 1, b: 2}',
      '{b: 3}',
      [
        ['a', '1'],
        ['b', '3'],
      ],
    ],
    [
      '{a: {b: 1, c: 2}}',
      '{a: {c: 3, d: 4}}',
      [
        [
          'a',
          [
            ['b', '1'],
            ['c', '3'],
            ['d', '4'],
          ],
        ],
      ],
    ],
    ['{a: 1, b: 2}', '{a: ~, c: ~}', [['b', '2']]],
    ['{a: {b: 1}}', '{a: 2}', [['a', '2']]],
    ['{a: 1}', '{a: {b: 2}}', [['a', [['b', '2']]]]],
    ['{a: 1}', '{}', [['a', '1']]],
    ['{a: [1, 2]}', '{a: [3]}', [['a', ['3']]]],
    ['{}', '{a: 1}', [['a', '1']]],
  ])('%s with those of its parent, %s', (values, overrides, merged) => {
    expect(plain(mergeValues(tree(values), tree(overrides)))).toEqual(merged);
    expect(plain(mergeValues(tree(values), undefined))).toEqual(plain(tree(values)));
  });

  it.each([
    ['{a: 1}', '{b: 2}', [['a', '1']]],
    [
      '{a: 1}',
      '{global: {x: 2}}',
      [
        ['a', '1'],
        ['global', [['x', '2']]],
      ],
    ],
    ['[a]', '{global: {x: 2}}', ['a']],
    [
      '{global: {x: 1, y: 1}}',
      '{global: {x: 2}}',
      [
        [
          'global',
          [
            ['x', '2'],
            ['y', '1'],
          ],
        ],
      ],
    ],
  ])('%s with what is global in those of its parent, %s', (values, parent, merged) => {
    expect(plain(withGlobal(tree(values), tree(parent)))).toEqual(merged);
  });

  it('are not among those of the chart above it', () => {
    const values = tree('{db: {image: a}, web: {image: b}}');
    expect(plain(withoutKeys(values, new Set(['db', 'none'])))).toEqual([['web', [['image', 'b']]]]);
    expect(plain(withoutKeys(tree('[db]'), new Set(['db'])))).toEqual(['db']);
  });

  it.each([
    ['{}', false],
    ['{condition: db.on}', true],
    ['{condition: db.off}', false],
    ['{condition: "db.none, db.on"}', true],
    ['{condition: "db.word,db.off,db.on"}', false],
    ['{condition: db.off, tags: [no]}', false],
    ['{condition: db.none, tags: [no]}', true],
    ['{tags: [no, yes]}', false],
    ['{tags: [no, other]}', true],
    ['{tags: [other]}', false],
    ['{tags: no}', false],
  ])('are not read where it is switched off: %s is %s', (dependency, disabled) => {
    const values = tree('{db: {on: False, off: "true", word: xfalse}, tags: {no: false, yes: true}}');
    expect(isDisabled(tree(dependency), values)).toBe(disabled);
  });
});

describe('L12: what helm template prints', () => {
  it('is read from standard input, with the values that Helm was given', async () => {
    const rendered = `---
# Source: shop/templates/serviceaccount.yaml
apiVersion: v1
kind: ServiceAccount
metadata:
  name: release-name-shop
---
# Source: shop/charts/db/templates/statefulset.yaml
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: release-name-db
spec:
  template:
    spec:
      containers:
        - name: db
          image: "mirror.example/acme/db:13"
---
# Source: shop/templates/web.yaml
apiVersion: apps/v1
kind: Deployment
metadata:
  name: release-name-shop
spec:
  template:
    spec:
      initContainers:
        - name: wait
          image: "mirror.example/acme/wait:1"
      containers:
        - name: web
          image: "mirror.example/acme/web:2.5"
---
# Source: shop/templates/tests/test-connection.yaml
apiVersion: v1
kind: Pod
metadata:
  name: "release-name-shop-test"
  annotations:
    "helm.sh/hook": test
spec:
  containers:
    - name: wget
      image: busybox
      command: ['wget']
      args: ['release-name-shop:80']
  restartPolicy: Never
`;
    async function* stdin() {
      yield Buffer.from(rendered);
    }
    const { requests, candidates } = await readLists({
      images: [],
      files: ['-'],
      stdin: stdin(),
      format: 'auto',
      defaultRegistry: 'docker.io',
      strictTags: false,
      onCandidate: 'report',
    });
    expect(requests.map(({ source, origin }) => `${origin.line} ${refOf(source)}`)).toEqual([
      '18 mirror.example/acme/db:13',
      '30 mirror.example/acme/wait:1',
      '33 mirror.example/acme/web:2.5',
      '45 docker.io/library/busybox:latest',
    ]);
    expect(candidates).toEqual([]);
  });
});
