import { mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseDotEnv } from '../../../src/list/dot-env.ts';
import { parseList, readLists } from '../../../src/list/index.ts';
import { fillVariables } from '../../../src/list/entry/variables.ts';
import { parseVars, valuesOf } from '../../../src/options/vars.ts';
import { refOf } from '../../../src/resolve/index.ts';
import { OciSaveError } from '../../../src/errors.ts';
import { setsOf } from '../../support/list-sets.ts';
import { failureOf } from '../../registry/support.ts';
import { tempFolder, type TempFolder } from '../../support/temp.ts';

const GIVEN = new Map([
  ['TAG', '1.2'],
  ['EMPTY', ''],
  ['HOST', 'registry.example:5000'],
  ['team.name', 'acme'],
  ['WORDS', 'two words'],
  ['LOOP', '${LOOP}'],
]);

function fill(text: string, bare = false, given: ReadonlyMap<string, string> = GIVEN): string {
  const used: string[] = [];
  try {
    const filled = fillVariables(text, { given, bare, onUsed: (name) => used.push(name) });
    return [filled, ...used].join(' ');
  } catch (error) {
    if (!(error instanceof OciSaveError)) throw error;
    return `${error.message}|${error.hint ?? ''}`;
  }
}

describe('L16: variables of an entry', () => {
  it.each([
    ['a:${TAG}', 'a:1.2 TAG'],
    ['${HOST}/${team.name}/a:${TAG}', 'registry.example:5000/acme/a:1.2 HOST team.name TAG'],
    ['a:${TAG:-9}', 'a:1.2 TAG'],
    ['a:${NONE:-9}', 'a:9'],
    ['a:${NONE-9}', 'a:9'],
    ['a:${EMPTY-9}', 'a: EMPTY'],
    ['a:${EMPTY:-9}', 'a:9 EMPTY'],
    ['a:${NONE:-}', 'a:'],
    ['a:${NONE:-${TAG}-x}', 'a:1.2-x TAG'],
    ['a:${TAG:?no tag}', 'a:1.2 TAG'],
    ['a:${TAG?no tag}', 'a:1.2 TAG'],
    ['a:$TAG', 'a:$TAG'],
    ['a:${{ matrix.tag }}', 'a:${{ matrix.tag }}'],
    ['a:1', 'a:1'],
  ])('are filled: %s', (text, filled) => {
    expect(fill(text)).toBe(filled);
  });

  it.each([
    ['a:$TAG', 'a:1.2 TAG'],
    ['$HOST/a', 'registry.example:5000/a HOST'],
    ['a:$TAG-x', 'a:1.2-x TAG'],
    ['a:$TAG.x', 'a:1.2.x TAG'],
    ['a:$$TAG', 'a:$TAG'],
    ['a:$5', 'a:$5'],
    ['a:$', 'a:$'],
    ['a:$NONE', 'the variable NONE has no value|Give it with --vars NONE=VALUE.'],
  ])('are filled in a Compose file without braces, too: %s', (text, filled) => {
    expect(fill(text, true)).toBe(filled);
  });

  it.each([
    ['a:${NONE}', 'the variable NONE has no value|Give it with --vars NONE=VALUE.'],
    ['a:${EMPTY:?it is a secret word}', 'the variable EMPTY has no value|'],
    ['a:${TAG', 'a variable in this entry has no closing brace|'],
    ['a:${TAG:+x}', 'this entry has a variable in a form that is not known|'],
    ['a:${TAG/1/2}', 'this entry has a variable in a form that is not known|'],
    ['a:${}', 'this entry has a variable in a form that is not known|'],
    ['a:${1}', 'this entry has a variable in a form that is not known|'],
    ['a:${WORDS}', 'the value of the variable WORDS has a blank, or a character that no reference has|'],
    // Else a second look at the entry would fill it.
    ['a:${LOOP}', 'the value of the variable LOOP has a blank, or a character that no reference has|'],
    [`a:${'${A:-'.repeat(12)}x${'}'.repeat(12)}`, 'its variables are nested more than 10 deep|'],
  ])('are refused: %s', (text, words) => {
    const refused = fill(text);
    expect(refused).toContain(words);
    expect(refused).not.toMatch(/two|secret/);
  });

  it('are bounded, whatever they are', () => {
    const given = new Map([['LONG', 'x'.repeat(2000)]]);
    expect(fill('${LONG}${LONG}', false, given).length).toBe('LONG LONG '.length + 4000);
    expect(fill('${LONG}'.repeat(3), false, given)).toContain('it is longer than 4096 characters');
  });

  it('have names of any length, of which messages have the beginning', () => {
    const [name, short] = ['N'.repeat(100), 'N'.repeat(60)];
    expect(fill(`a:\${${name}}`)).toBe(
      `the variable ${short} has no value|Give it with --vars ${short}=VALUE.`,
    );
    expect(fill(`a:\${${name}}`, false, new Map([[name, 'two words']]))).toContain(
      `the value of the variable ${short} has a blank`,
    );
  });

  it('never end otherwise than filled or refused', () => {
    const piece = fc.constantFrom('${', '}', '$', 'TAG', ':-', ':?', '{', 'a', '$$', '${TAG}', 'é');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), fc.boolean(), (pieces, bare) => {
        expect(typeof fill(pieces.join(''), bare)).toBe('string');
      }),
    );
  });

  const vars = { TAG: '1.2', HOST: 'registry.example' };
  it.each([
    ['plain', 'quay.io/a/b:${TAG} => ${HOST}/b\n', ['1 quay.io/a/b:1.2 => registry.example/b:1.2']],
    ['list', '- {image: "${HOST}/a:${TAG}"}\n', ['1 registry.example/a:1.2']],
    [
      'compose',
      'services:\n  a:\n    image: $HOST/a:${TAG}\n    platform: ${ARCH:-linux/arm64}\n',
      ['3 registry.example/a:1.2 [linux/arm64]'],
    ],
    [
      'image-list-with-auth',
      '- registry: ${HOST}\n  username: me\n  password: x-y-z\n  images: ["${HOST}/a:${TAG}"]\n',
      ['4 registry.example/a:1.2'],
    ],
  ])('are those of any format: %s', (format, text, requests) => {
    expect(setsOf(text, 'list', 'auto', vars)).toMatchObject({ format, requests });
  });

  it('of a candidate are filled; without a value it is no image', async () => {
    const text = 'image: {repository: "quay.io/a/b", tag: "${TAG}"}\n';
    expect(setsOf(text, 'values.yaml', 'auto', vars).candidates).toEqual([
      expect.stringContaining('1 quay.io/a/b:1.2 '),
    ]);
    const parsed = parseList(new TextEncoder().encode(text), 'values.yaml', INPUTS);
    const lists = [{ file: 'values.yaml', ...parsed }];
    const error = await failureOf(readLists({ ...INPUTS, lists, onCandidate: 'accept' }));
    expect(error.message).toContain('the variable TAG has no value');
  });
});

const INPUTS = {
  images: [],
  files: [],
  format: 'auto',
  defaultRegistry: 'docker.io',
  strictTags: false,
  onCandidate: 'report',
} as const;

describe('L16: the file .env beside a Compose file', () => {
  let temp: TempFolder;
  beforeAll(async () => {
    temp = await tempFolder('dot-env');
  });
  afterAll(() => temp.close());

  async function project(name: string, env: string | undefined, list = 'services: {a: {image: "a:$TAG"}}\n') {
    const folder = path.join(temp.path, name);
    await mkdir(folder);
    const file = path.join(folder, 'compose.yaml');
    await writeFile(file, list);
    if (env !== undefined) await writeFile(path.join(folder, '.env'), env);
    return { folder, file };
  }
  const refs = (list: Awaited<ReturnType<typeof readLists>>): string[] =>
    list.requests.map(({ source }) => refOf(source));

  it('has values, and those that are given come first', async () => {
    const { file } = await project('one', 'TAG=3 # why\n');
    expect(refs(await readLists({ ...INPUTS, files: [file] }))).toEqual(['docker.io/library/a:3']);
    const given = await readLists({ ...INPUTS, files: [file], variables: { given: GIVEN } });
    expect([refs(given), given.usedVariables]).toEqual([['docker.io/library/a:1.2'], ['TAG']]);
  });

  it('is not needed, and is not read for another format', async () => {
    const { file } = await project('two', undefined, 'services: {a: {image: "a:${TAG:-4}"}}\n');
    expect(refs(await readLists({ ...INPUTS, files: [file] }))).toEqual(['docker.io/library/a:4']);
    const plain = await project('three', 'TAG=3\n', 'a:${TAG}\n');
    const error = await failureOf(readLists({ ...INPUTS, files: [plain.file] }));
    expect(error.message).toContain('the variable TAG has no value');
  });

  it('is a file of the checkout, and no link out of it', async () => {
    const { folder, file } = await project('four', undefined);
    const secret = path.join(temp.path, 'secret');
    await writeFile(secret, 'TAG=hunter2\n');
    await symlink(secret, path.join(folder, '.env'));
    const boundary = { checkout: [folder], folders: [folder] };
    const error = await failureOf(readLists({ ...INPUTS, files: [file], boundary }));
    expect(error.message).toMatch(/four\/\.env: links followed, it lies neither/);
    expect(error.message).not.toContain('hunter2');
  });

  it.each([
    ['A=1', { A: '1' }],
    ['  export A = 1  ', { A: '1' }],
    ['A="1 # 2" # why', { A: '1 # 2' }],
    [`A='1'\r\nB=2 # why\n# C=3\nD`, { A: '1', B: '2' }],
    ['A=1#2', { A: '1#2' }],
    ['A=abca', { A: 'abca' }],
    [`A='1`, { A: `'1` }],
    [`A=''`, { A: '' }],
    ['A=', { A: '' }],
    ['A=1\nA=2', { A: '2' }],
    ['1A=1\n=2\n', {}],
  ])('is read: %j', (text, variables) => {
    expect(Object.fromEntries(parseDotEnv(text))).toEqual(variables);
  });
});

describe('L16: the option vars', () => {
  it('takes values, and names of variables of the environment', () => {
    const vars = parseVars(['A=1', 'B=x=y', 'C', 'A=1', 'D=']);
    expect([...valuesOf(vars, { C: 'of the environment' })]).toEqual([
      ['A', '1'],
      ['B', 'x=y'],
      ['C', 'of the environment'],
      ['D', ''],
    ]);
  });

  it.each([
    [['hunter-2=x'], 'vars: entry 1 is not NAME=VALUE'],
    [['A=hunter2', 'A=hunter3'], 'vars: A has two values'],
    [['A', 'B'], 'vars: the environment has no variable B'],
  ])('refuses %j and shows no value', async (texts, message) => {
    const error = await failureOf(async () => valuesOf(parseVars(texts), { A: '1' }));
    expect([error.code, error.message]).toEqual(['usage', message]);
    expect(error.message + (error.hint ?? '')).not.toContain('hunter2');
  });
});
