import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ListInputs, readLists } from '../../src/list/index.ts';
import { refOf } from '../../src/resolve/index.ts';
import { tempFolder, type TempFolder } from '../support/temp.ts';

const POD = 'apiVersion: v1\nkind: Pod\nspec: {containers: [{image: "quay.io/a/b:1"}]}\n';
const VALUES = 'image: {repository: quay.io/a/b, tag: "1"}\n';

let temp: TempFolder;
let count = 0;
beforeAll(async () => {
  temp = await tempFolder('several');
});
afterAll(() => temp.close());

async function read(files: Record<string, string>, onCandidate: ListInputs['onCandidate'] = 'report') {
  count += 1;
  const folder = path.join(temp.path, String(count));
  await mkdir(folder);
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(folder, name), text);
  return readLists({
    images: [],
    files: [path.join(folder, '*')],
    format: 'auto',
    defaultRegistry: 'docker.io',
    strictTags: false,
    onCandidate,
  });
}

describe('L10: a file that is named a template', () => {
  const TEMPLATE = 'kind: Pod\nspec:\n  image: {{ .Image }}\n';

  it('is skipped among other lists, and a warning says so', async () => {
    const { requests, warnings } = await read({ 'a.yaml': POD, 'b.yaml.tmpl': TEMPLATE });
    expect(requests.map(({ source }) => refOf(source))).toEqual(['quay.io/a/b:1']);
    expect(warnings).toMatchObject([
      { origin: { line: 3 }, message: 'this is a template, and was skipped: render it first' },
    ]);
  });

  it.each([
    ['alone', { 'b.yaml.tmpl': TEMPLATE }],
    ['under another name', { 'a.yaml': POD, 'b.yaml': TEMPLATE }],
  ])('is an error %s', async (_, files) => {
    await expect(read(files)).rejects.toThrow(/this is a template/);
  });
});

describe('L13: a candidate', () => {
  it('that is requested as well is not told again, and its list is not empty', async () => {
    const { requests, candidates } = await read({ 'a.yaml': POD, 'values.yaml': VALUES });
    expect([requests.length, candidates]).toEqual([1, []]);
    expect((await read({ 'a.yaml': POD, 'values.yaml': VALUES }, 'error')).requests).toHaveLength(1);
  });

  it('that several places name is told once', async () => {
    const config =
      'apiVersion: v1\nkind: ConfigMap\ndata: {a: "quay.io/a/c:1 quay.io/a/c:1", b: "quay.io/a/c:1"}\n';
    const { candidates } = await read({ 'a.yaml': `${POD}---\n${config}` });
    expect(candidates.map(({ text }) => text)).toEqual(['quay.io/a/c:1']);
  });

  it('alone in its list leaves that an error, which tells how to save it', async () => {
    await expect(read({ 'values.yaml': VALUES })).rejects.toMatchObject({
      message: expect.stringContaining('does not name any image') as unknown,
      hint: expect.stringContaining('--on-candidate accept') as unknown,
    });
  });

  it('is missing where a chart lists no images: the way out is to render it', async () => {
    await expect(read({ 'Chart.yaml': 'apiVersion: v2\nname: a\nversion: "1"\n' })).rejects.toMatchObject({
      hint: 'Render it: helm template CHART | oci-save save -f -',
    });
  });
});
