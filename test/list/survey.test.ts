import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatSource, parseList, surveyLists } from '../../src/list/index.ts';
import { tempFolder, type TempFolder } from '../support/temp.ts';

const options = { format: 'auto', defaultRegistry: 'docker.io' };
const survey = (files: readonly string[]) =>
  surveyLists({ ...options, images: [], files, strictTags: false, onCandidate: 'report' });

let temp: TempFolder;
const at = (name: string): string => path.join(temp.path, name);
beforeAll(async () => {
  temp = await tempFolder('survey');
});
afterAll(() => temp.close());

describe('L13: a survey of lists', () => {
  it('has each image once, with every place where it is', async () => {
    const [one, two] = [at('one.txt'), at('two.txt')];
    await writeFile(one, 'quay.io/a/b:1\nbusybox:1\nquay.io/a/b:1\n');
    await writeFile(two, '# first\ndocker.io/library/busybox:1\n--platform=linux/arm64 busybox:1\n');
    const { requests, origins, problems, lists } = await survey([one, two]);
    expect(problems).toEqual([]);
    expect(requests.map(({ source }) => formatSource(source))).toEqual([
      'quay.io/a/b:1',
      'docker.io/library/busybox:1',
      'docker.io/library/busybox:1',
    ]);
    expect(origins).toEqual([
      [
        { file: one, line: 1 },
        { file: one, line: 3 },
      ],
      [
        { file: one, line: 2 },
        { file: two, line: 2 },
      ],
      [{ file: two, line: 3 }],
    ]);
    expect(lists.map(({ count }) => count)).toEqual([3, 2]);
  });

  it('has what could be read beside what is wrong', async () => {
    const file = at('wrong.txt');
    await writeFile(file, 'quay.io/a/b:1\nquay.io/Foo/bar:1\n');
    const { requests, problems } = await survey([file, at('none.txt')]);
    expect(requests).toHaveLength(1);
    expect(problems).toMatchObject([
      { file: at('none.txt'), reason: 'there is no such file' },
      { file, line: 2, reason: expect.stringMatching(/lower case/) },
    ]);
  });
});

describe('L4: several names after an arrow', () => {
  const parse = (text: string) => parseList(new TextEncoder().encode(text), 'images.txt', options);
  const names = (text: string) =>
    parse(text).requests.map(({ storedAs }) => storedAs.map(({ domain, path, tag }) => [domain, path, tag]));

  it.each([
    'x.example/a:1 => y.example/b:2, c',
    'x.example/a:1=>y.example/b:2,c',
    'x.example/a:1 ->  y.example/b:2,  c',
  ])('are all stored: %s', (line) => {
    expect(names(line)).toEqual([
      [
        ['y.example', 'b', '2'],
        ['docker.io', 'library/c', '1'],
      ],
    ]);
  });

  it.each([
    ['x.example/a:1 => b:1,', /the name under which it is stored is missing/],
    ['x.example/a:1 => b:1,,c:1', /the name under which it is stored is missing/],
    ['x.example/a:1 => b:1 c:1', /the stored name contains a blank/],
    ['x.example/a:1 => b:1, c:1 d:1', /the stored name contains a blank/],
    ['x.example/a:1, y.example/b:1 => c:1', /./],
  ])('are separated by commas: %s', (line, reason) => {
    const { requests, rejects } = parse(`${line}\nquay.io/good/a:1\nquay.io/good/b:1\n`);
    expect(rejects).toMatchObject([{ reason: expect.stringMatching(reason), origin: { line: 1 } }]);
    expect(requests).toHaveLength(2);
  });
});
