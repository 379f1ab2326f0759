import { describe, expect, it } from 'vitest';
import { parseJsonTrees } from '../../../src/list/syntax/json-tree.ts';
import {
  fieldOf,
  isNull,
  keysOf,
  listed,
  MAX_DEPTH,
  type ParsedTrees,
  type Tree,
} from '../../../src/list/syntax/tree.ts';
import { parseYamlTrees } from '../../../src/list/syntax/yaml-tree.ts';

/** A tree as text, with its lines: `2:[3:a 3:"b"]`, `1:{k=1:v}`; a scalar that cannot be null is quoted. */
function shown(tree: Tree): string {
  if (tree.kind === 'scalar') return `${tree.line}:${tree.plain ? tree.text : JSON.stringify(tree.text)}`;
  if (tree.kind === 'sequence') return `${tree.line}:[${tree.items.map(shown).join(' ')}]`;
  return `${tree.line}:{${tree.entries.map(({ key, line, value }) => `${line}.${key}=${shown(value)}`).join(' ')}}`;
}
const roots = (parsed: ParsedTrees | undefined): string[] | undefined => parsed?.roots.map(shown);
const problems = (text: string): string[] =>
  parseYamlTrees(text).problems.map(
    ({ line, reason, hint, bound }) => `${line}: ${reason}${hint ?? ''}${bound === true ? '!' : ''}`,
  );

describe('found L3: JSON', () => {
  it.each([
    ['[]', ['1:[]']],
    ['{}', ['1:{}']],
    ['"a"', ['1:"a"']],
    ['1.10', ['1:1.10']],
    ['[1,\n-2e+5, true,\tfalse ,null]', ['1:[1:1 2:-2e+5 2:true 2:false 2:null]']],
    ['{"a":\n{"b"\n: "c"},\n"d": []}\n', ['1:{1.a=2:{2.b=3:"c"} 4.d=4:[]}']],
    ['{"a":1}\n{"a":2}', ['1:{1.a=1:1}', '2:{2.a=2:2}']],
    ['["\\u0041\\n\\"\\\\"]', ['1:[1:"A\\n\\"\\\\"]']],
    ['["a\\\\"]', ['1:[1:"a\\\\"]']],
    ['["\\\\\\"b"]', ['1:[1:"\\\\\\"b"]']],
    ['[""]', ['1:[1:""]']],
    [' \r\n[\n\n"a"\n]\n', ['2:[4:"a"]']],
    ['[1,]', ['1:[1:1]']],
    ['{"a":1,}', ['1:{1.a=1:1}']],
    ['[1] // note', ['1:[1:1]']],
    ['// note\n/* more\n\n */ [] /* open', ['4:[]']],
    ['["//a", /**/ "/*b*/"]', ['1:[1:"//a" 1:"/*b*/"]']],
    ['{"": ""}', ['1:{1.=1:""}']],
    ['["null", null]', ['1:[1:"null" 1:null]']],
  ])('is read with its lines: %j', (text, expected) => {
    expect(roots(parseJsonTrees(text))).toEqual(expected);
    expect(parseJsonTrees(text)).toMatchObject({ problems: [], repeated: [] });
  });

  it.each([
    '',
    ' \n',
    '[',
    '{',
    '[1',
    '[1,',
    '[,1]',
    '[1 2]',
    '{"a"}',
    '{"a":}',
    '{"a" 1}',
    '{a:1}',
    '{1:1}',
    '[a]',
    '[1a]',
    '[-]',
    '[nulls]',
    '[xnull]',
    '["a]',
    '["a\nb"]',
    '["a\tb"]',
    '["\\q"]',
    '["\\u12"]',
    '{"\\q":1}',
    ']',
    '[}',
    '{]',
    '"',
    'a',
    '[1:2]',
    '{"a",1}',
    "['a']",
    '[,]',
    '[1,,]',
    '/ [1]',
    '// note',
    '/* open [1]',
  ])('is nothing else: %j', (text) => {
    expect(parseJsonTrees(text)).toBeUndefined();
  });

  it('joins what a key has twice, and names it with its second line', () => {
    const parsed = parseJsonTrees('{"a": [1],\n"b": 2,\n"a": [3],\n"a": 4}');
    expect(roots(parsed)).toEqual(['1:{1.a=1:[1:1 3:3 4:4] 2.b=2:2}']);
    expect(parsed?.repeated).toEqual([{ key: 'a', line: 3 }]);
  });

  it('is read to the greatest depth, and no further', () => {
    const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;
    expect(parseJsonTrees(nested(MAX_DEPTH + 1))).toBeDefined();
    expect(parseJsonTrees(nested(MAX_DEPTH + 2))).toBeUndefined();
    const objects = (depth: number): string => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
    expect(parseJsonTrees(objects(MAX_DEPTH))).toBeDefined();
    expect(parseJsonTrees(objects(MAX_DEPTH + 1))).toBeUndefined();
  });

  it('has ten thousand values at most', () => {
    expect(parseJsonTrees('1\n'.repeat(10_000))?.roots).toHaveLength(10_000);
    expect(parseJsonTrees('1\n'.repeat(10_001))).toEqual({
      roots: [],
      problems: [{ line: 10_001, reason: 'it has more than 10000 documents', bound: true }],
      repeated: [],
    });
  });

  it('may have a text with a million escapes', () => {
    const [root] = parseJsonTrees(`["${'\\n'.repeat(1_000_000)}"]`)?.roots ?? [];
    expect(root?.kind === 'sequence' && root.items[0]?.kind === 'scalar' && root.items[0].text.length).toBe(
      1_000_000,
    );
  });
});

describe('found L3: YAML', () => {
  it.each([
    ['a: 1\n', ['1:{1.a=1:1}']],
    ['- a\n- "b"\n- \'c\'\n', ['1:[1:a 2:"b" 3:"c"]']],
    ['a:\n  - b: c\n    d:\n', ['1:{1.a=2:[2:{2.b=2:c 3.d=3:}]}']],
    ['a: |\n  b\n  c\n', ['1:{1.a=1:"b\\nc\\n"}']],
    ['a: >-\n  b\n  c\n', ['1:{1.a=1:"b c"}']],
    ['---\na: 1\n---\n- b\n', ['2:{2.a=2:1}', '4:[4:b]']],
    ['---\n---\n# nothing\n', ['1:', '2:']],
    ['a: 1.10\nb: 0x1f\nc: yes\nd: null\ne: ~\n', ['1:{1.a=1:1.10 2.b=2:0x1f 3.c=3:yes 4.d=4:null 5.e=5:~}']],
    ['a: !reset b\nc: !Ref [d]\ne: !vault |\n  f\n', ['1:{1.a=1:b 2.c=2:[2:d] 3.e=3:"f\\n"}']],
    ['quay.example/a:v1,v2: target/b\n', ['1:{1.quay.example/a:v1,v2=1:target/b}']],
    ['? a\n: b\n? c\n', ['1:{1.a=2:b 3.c=3:}']],
    ['{a: [b, {c: d}]}\n', ['1:{1.a=1:[1:b 1:{1.c=1:d}]}']],
    ['[a: b]\n', ['1:[1:{1.a=1:b}]']],
    ['a: &x\nb: *x\n', ['1:{1.a=1: 2.b=2:}']],
  ])('is read with its lines, and every scalar as it is written: %j', (text, expected) => {
    expect(problems(text)).toEqual([]);
    expect(roots(parseYamlTrees(text))).toEqual(expected);
  });

  it.each([
    ['an alias', 'a: &x [1, 2]\nb: *x\n', '1:{1.a=1:[1:1 1:2] 2.b=2:[1:1 1:2]}'],
    ['an alias of a text', 'a: &x 1\nb:\n  - *x\n', '1:{1.a=1:1 2.b=3:[3:1]}'],
    [
      'an alias in an anchor',
      'a: &x 1\nb: &y [*x, *x]\nc: *y\n',
      '1:{1.a=1:1 2.b=2:[2:1 2:1] 3.c=3:[2:1 2:1]}',
    ],
    [
      'a merge key',
      'a: &x {b: 1, c: 2}\nd:\n  <<: *x\n  c: 3\n',
      '1:{1.a=1:{1.b=1:1 1.c=1:2} 2.d=3:{4.c=4:3 1.b=1:1}}',
    ],
    [
      'a merge key of several, of which the first wins',
      'a: &x {b: 1}\nc: &y {b: 2, d: 3}\ne: {<<: [*x, *y]}\n',
      '1:{1.a=1:{1.b=1:1} 2.c=2:{2.b=2:2 2.d=2:3} 3.e=3:{1.b=1:1 2.d=2:3}}',
    ],
    ['a quoted merge key, which is none', 'a: {"<<": {b: 1}}\n', '1:{1.a=1:{1.<<=1:{1.b=1:1}}}'],
    ['a merge key of a text, which has none', 'a: {<<: b, c: 1}\n', '1:{1.a=1:{1.c=1:1}}'],
    ['the same key twice', 'a: [1]\nb: 2\na: [3]\n', '1:{1.a=1:[1:1 3:3] 2.b=2:2}'],
    ['mappings twice', 'a: {b: 1, c: 2}\na: {c: 2, d: 4}\n', '1:{1.a=1:{1.b=1:1 1.c=1:2 2.d=2:4}}'],
    ['a text twice', 'a: b\na: b\n', '1:{1.a=1:b}'],
    ['two texts', 'a: b\na: c\n', '1:{1.a=1:[1:b 2:c]}'],
    ['a mapping and a text', 'a: {b: 1}\na: c\n', '1:{1.a=1:[1:{1.b=1:1} 2:c]}'],
    ['a text and a mapping', 'a: c\na: {b: 1}\n', '1:{1.a=1:[1:c 2:{2.b=2:1}]}'],
    ['two lists of the same', 'a: [b]\na: [b]\n', '1:{1.a=1:[1:b 2:b]}'],
    ['nothing and a text', 'a:\na: c\n', '1:{1.a=2:c}'],
    ['nothing twice', 'a:\na: ~\n', '1:{1.a=1:}'],
  ])('has %s', (_, text, expected) => {
    expect(problems(text)).toEqual([]);
    expect(roots(parseYamlTrees(text))).toEqual([expected]);
  });

  it('names each repeated key with its second line, nested ones too', () => {
    expect(parseYamlTrees('a: {b: [1]}\nc: 1\nc: 1\na:\n  b: [2]\n').repeated).toEqual([
      { key: 'a', line: 4 },
      { key: 'b', line: 5 },
      { key: 'c', line: 3 },
    ]);
  });

  it.each([
    ['a: "b\n', '2: it is not valid YAML: a quote, a bracket, a comma or a colon is missing'],
    ['a: "\\q"\n', '1: it is not valid YAML: a text in double quotes has an escape that YAML does not know'],
    ['a: b: c\n', '1: it is not valid YAML: a mapping starts inside a line'],
    ['a: @b\n', '1: it is not valid YAML: a text starts with a character that needs quotes'],
    ['a:\n\tb: c\n', '2: it is not valid YAML: a tab indents a line'],
    ['a: *b\n', '1: an alias refers to no anchor before it'],
    ['a: *\n', '1: it is not valid YAML: an alias refers to no anchor before it'],
    ['a: &x [*x]\n', '1: an alias refers to no anchor before it'],
    ['a: ]\n', '1: it is not valid YAML: a token is in the wrong place'],
    ['a:\n  "b\n  c": d\n', '2: it is not valid YAML: a key goes over several lines'],
    ['{a: b}: c\n', '1: a key is not textQuote templates and braces.'],
    ['? [a]\n: c\n', '1: a key is not textQuote templates and braces.'],
  ])('that is wrong is named in our words, with the line: %j', (text, problem) => {
    expect(problems(text)).toContain(problem);
  });

  it('has its problems in the order of their lines', () => {
    const lines = parseYamlTrees('a: *x\nb: {c: d}\n{e: f}: g\n---\nh: "\\q"\ni: *y\n').problems.map(
      ({ line }) => line,
    );
    expect(lines.length).toBeGreaterThan(2);
    expect(lines).toEqual(lines.toSorted((a, b) => a - b));
  });

  it('that is text is left after twenty errors', () => {
    const text = `a: [\n${'} ]: @ %\n'.repeat(200)}`;
    const found = parseYamlTrees(text);
    expect(found.roots).toEqual([]);
    expect(found.problems.at(-1)).toMatchObject({ reason: 'it is not YAML', bound: false });
    expect(found.problems.at(-1)?.line).toBeLessThan(60);
  });

  it('may have a hundred thousand nodes behind aliases, and no more, which is said once', () => {
    const anchor = `a: &a [${'x,'.repeat(999)}]\n`;
    expect(problems(`${anchor}b: [${'*a,'.repeat(100)}]\n`)).toEqual([]);
    expect(problems(`${anchor}b: [${'*a,'.repeat(102)}]\n`)).toEqual([
      '2: aliases add more than 100000 nodes',
    ]);
  });

  it('counts the nodes behind aliases of aliases', () => {
    const anchors = `a: &a [${'x,'.repeat(99)}]\nb: &b [${'*a,'.repeat(99)}]\n`;
    expect(problems(`${anchors}c: [${'*b,'.repeat(9)}]\n`)).toEqual([]);
    expect(problems(`${anchors}c: [${'*b,'.repeat(10)}]\n`)).toEqual([
      '3: aliases add more than 100000 nodes',
    ]);
  });
});

describe('found L3: a tree', () => {
  const [tree] = parseYamlTrees(
    'a: 1\nb:\nc: [x, y]\nd: "null"\ne: Null\nf: NULL\ng: nULL\nh: ""\ni: xnull\nj: nullx\n',
  ).roots;

  it('has the fields that are neither missing nor null', () => {
    expect(keysOf(tree)).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j']);
    expect(keysOf(tree).filter((key) => fieldOf(tree, key) !== undefined)).toEqual([
      'a',
      'c',
      'd',
      'g',
      'h',
      'i',
      'j',
    ]);
    expect([fieldOf(tree, 'z'), fieldOf(undefined, 'a'), fieldOf(fieldOf(tree, 'c'), 'x')]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect([keysOf(undefined), keysOf(fieldOf(tree, 'c'))]).toEqual([[], []]);
  });

  it('is a list of one, where it is no list', () => {
    const [list, text] = [fieldOf(tree, 'c'), fieldOf(tree, 'a')];
    expect(list && listed(list).map(shown)).toEqual(['3:x', '3:y']);
    expect(text && listed(text).map(shown)).toEqual(['1:1']);
  });

  it('is null where a scalar is, and not quoted', () => {
    const [list] = parseYamlTrees('[~, null, "", "~", [], {}]').roots;
    expect(list && listed(list).map(isNull)).toEqual([true, true, false, false, false, false]);
  });
});
