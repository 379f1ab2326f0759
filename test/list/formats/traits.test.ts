import { describe, expect, it } from 'vitest';
import { isTable } from '../../../src/list/formats/table/columns.ts';
import { readDocument } from '../../../src/list/syntax/document.ts';
import {
  anyLine,
  either,
  everyLine,
  everyValue,
  fileName,
  firstLine,
  items,
  keys,
  kind,
  root,
  type Trait,
} from '../../../src/list/formats/traits.ts';

const has = (trait: Trait, text: string, file = 'images.txt'): boolean =>
  trait(readDocument(file, text, 'auto'));
const LONG = 'x'.repeat(1001);

describe('found L4: a trait of a format', () => {
  it.each<[string, Trait, readonly string[], readonly string[]]>([
    [
      'root',
      root((tree) => tree.kind === 'sequence'),
      ['- {a: b}', 'a: b\n---\n- {c: d}'],
      ['a: b', 'a', ''],
    ],
    [
      'kind',
      kind(/^Pod$/),
      ['kind: Pod', 'a: b\n---\nkind: Pod', '{"kind": "Pod"}'],
      ['kind: Pods', 'kind: [Pod]', 'a: {kind: Pod}', '- kind: Pod', 'kind Pod'],
    ],
    [
      'kind with a group',
      kind(/./, /^a\//),
      ['kind: X\napiVersion: a/v1'],
      ['kind: X', 'kind: X\napiVersion: b/v1', 'apiVersion: a/v1', 'kind: X\napiVersion: {a/: b}'],
    ],
    [
      'keys',
      keys('a', 'b.c'),
      ['a: 1\nb: {c: 2}', 'a: 1\nb: {c: 2}\nd: 3'],
      ['a: 1', 'b: {c: 2}', 'a: 1\nb: 2', 'a: 1\nb: {c: ~}', 'a:\nb: {c: 2}', '- {a: 1, b: {c: 2}}'],
    ],
    [
      'items',
      items('l', 'a', 'b'),
      ['l: [{a: 1, b: 2}]', 'l: [x, {c: 3}, {a: 1, b: 2, c: 3}]'],
      ['l: [{a: 1}, {b: 2}]', 'l: {a: 1, b: 2}', 'm: [{a: 1, b: 2}]', 'l: []', '- {a: 1, b: 2}'],
    ],
    ['items at the top', items('', 'a'), ['- {a: 1}'], ['a: 1', 'l: [{a: 1}]', '- {b: 1}']],
    [
      'every value',
      everyValue((value, key) => key !== 'x' && value.kind === 'scalar'),
      ['a: 1\nb: 2'],
      ['a: 1\nb: []', 'a: 1\nx: 2', '- {a: 1}', '{}'],
    ],
    ['either', either(keys('a'), keys('b')), ['a: 1', 'b: 1'], ['c: 1']],
    ['the first line', firstLine(/^a/), ['a', '# x\n\na\nb'], ['b\na', '', `${LONG}a`]],
    ['any line', anyLine(/^a|a$/), ['b\na', 'x: y: z\na'], ['b', 'a: b', `${LONG}a`]],
    ['every line', everyLine(/^a|a$/), ['a\na\n# b'], ['a\nb', '', `${LONG}a`]],
  ])('%s', (_, trait, yes, no) => {
    expect(yes.filter((text) => !has(trait, text))).toEqual([]);
    expect(no.filter((text) => has(trait, text))).toEqual([]);
  });

  it('a file name', () => {
    expect([has(fileName(/\.md$/), '', 'a.md'), has(fileName(/\.md$/), '', 'a.md.txt')]).toEqual([
      true,
      false,
    ]);
  });

  it.each([
    ['image,tag', true],
    ['"Image";"Tag"', true],
    ['reference\tplatform', true],
    [' Ref , Digest ', true],
    ['source,target,sha,arch', true],
    ['name,version,os,architecture,rename', true],
    ['repository,registry,destination', true],
    ['# note\nimage,tag\na,b', true],
    ['image', false],
    ['tag,digest', false],
    ['image,note', true],
    ['note,image', false],
    ['note,tag,image', true],
    ['image tag', false],
    ['a,image\nimage,tag', false],
    ['', false],
    ['"image,tag', false],
    ['quay.io/a/b x.example/c/d 1.0', true],
    ['quay.io/a/b\tx.example:5000/c/d   v1_2-x\n a/b c/d latest \n', true],
    ['a/b c/d 1\na/b c/d', false],
    ['a/b c/d 1\na/b c/d 1 x', false],
    ['a/b c/d x:1', false],
    ['a/b c/d -x', false],
    ['a c/d 1', false],
    ['a/b c 1', false],
    ['a/b c/d@e 1', false],
    [`a/b c/d ${'x'.repeat(1000)}`, false],
    [`a/b c/d ${'x'.repeat(992)}`, true],
  ])('a table: %j %s', (text, expected) => {
    expect(has(isTable, text)).toBe(expected);
  });
});
