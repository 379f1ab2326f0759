import { describe, expect, it } from 'vitest';
import { type Reading, readDocument } from '../../../src/list/syntax/document.ts';

const read = (text: string, reading: Reading = 'auto') => readDocument('images.txt', text, reading);
/** What a text is read as: a template, a tree, broken YAML or JSON, or lines. */
const kindOf = (text: string, reading?: Reading): string => {
  const { template, trees, isTree } = read(text, reading);
  if (template !== undefined) return `template ${template}`;
  if (trees === undefined) return 'lines';
  return isTree ? 'tree' : trees.problems.length > 0 ? 'broken' : 'scalar';
};

describe('found L4: a text', () => {
  it.each([
    ['a: b', 'tree'],
    ['a:\n  b: c', 'tree'],
    ['a:\n- b', 'tree'],
    ['a:\n-\n', 'tree'],
    ['a:\n\n# note\n  - b', 'tree'],
    ['"a b": c', 'tree'],
    [`'a b': c`, 'tree'],
    ['a :\n  b: c', 'tree'],
    ['  a: b', 'tree'],
    ['# note\na: b', 'tree'],
    ['---\na', 'scalar'],
    ['--- # note\na', 'scalar'],
    ['%YAML 1.2\n---\na: b', 'tree'],
    ['- a: b', 'tree'],
    ['- a:', 'tree'],
    ['- "a"\n- b: c', 'tree'],
    ['- [a]', 'tree'],
    ['- {a: b}', 'tree'],
    ['- &x a\n', 'tree'],
    ['- &x a\n- *x', 'tree'],
    ['- !t a', 'tree'],
    ['- |\n  a', 'tree'],
    ['- >\n  a', 'tree'],
    ['- - a: b', 'tree'],
    ['-\n  a: b', 'tree'],
    ['- a\n-\n  - b', 'tree'],
    ['[a]', 'tree'],
    ['{a: b}', 'tree'],
    ['["a"]', 'tree'],
    ['{"a": "b"} // note', 'tree'],
    ['[Container', 'broken'],
    ['[container]', 'tree'],
    ['[a, b] c', 'broken'],
    ['a: b: c', 'broken'],
    ['a', 'lines'],
    ['', 'lines'],
    ['# a: b', 'lines'],
    ['a:1', 'lines'],
    ['quay.io/a/b:', 'lines'],
    ['quay.io/a/b: # why', 'lines'],
    ['quay.io/a/b:\nc:1', 'lines'],
    ['quay.io/a/b:1\nc: d', 'lines'],
    ['a:\nb: c', 'lines'],
    ['a:\nb- c', 'lines'],
    ['a- b\nc: d', 'lines'],
    ['- a\n- b', 'lines'],
    ['- a:1\n* b', 'lines'],
    ['-a: b', 'lines'],
    ['---a', 'lines'],
    ['----', 'lines'],
    ['%YAM', 'lines'],
    ['[Container]\nImage=a', 'lines'],
    ['[Unit]  \nAfter=x', 'lines'],
    ['[config/images] Pulled a:1', 'lines'],
    ['[::1]:5000/a:1', 'lines'],
    ['- [::1]/a:1', 'lines'],
    ['- [::1]\n', 'tree'],
    ['[fe80::1]/a:1\n', 'lines'],
    ['[a::1]x', 'broken'],
    ['@a: b', 'lines'],
    ['`a`: b', 'lines'],
    ['*a: b', 'lines'],
    ['&a: b', 'lines'],
    ['!a: b', 'lines'],
    ['|a: b', 'lines'],
    ['>a: b', 'lines'],
    ['-a: b', 'lines'],
    [',a: b', 'lines'],
    ['a b: c', 'lines'],
    [`${'x'.repeat(999)}: b`, 'lines'],
    [`${'x'.repeat(900)}: b`, 'tree'],
  ])('is read by its look: %j as %s', (text, kind) => {
    expect(kindOf(text)).toBe(kind);
  });

  it.each<[string, Reading, string]>([
    ['a: b', 'text', 'lines'],
    ['{a: b}', 'text', 'lines'],
    ['{{ a }}', 'text', 'lines'],
    ['a', 'tree', 'scalar'],
    ['a:', 'tree', 'tree'],
    ['', 'tree', 'scalar'],
    ['"a"', 'tree', 'scalar'],
    ['[1]', 'tree', 'tree'],
  ])('is read as its format needs it: %j as %s is %s', (text, reading, kind) => {
    expect(kindOf(text, reading)).toBe(kind);
  });

  it('that is JSON keeps what YAML would read differently', () => {
    const { trees } = read('{"a": "\\u0062"}\n{"a": 1}');
    expect(trees?.roots).toHaveLength(2);
    expect(read('{"a": "b",}').isTree).toBe(true);
  });

  it('keeps its file, text and lines', () => {
    expect(read('# x\na: b\n')).toMatchObject({
      file: 'images.txt',
      text: '# x\na: b\n',
      lines: [{ number: 2, text: 'a: b' }],
    });
    expect(read('a\nb')).toMatchObject({ lines: [{ number: 1 }, { number: 2 }], isTree: false });
  });
});

describe('found L3: a template', () => {
  it.each([
    ['a: {{ b }}', 1],
    ['a: b\n\nc: x {{ d }}', 3],
    ['a: b\n\nc: x{{ d }}', 0],
    ['{{ if a }}\nb: c\n{{ end }}', 1],
    ['{% if a %}\nb: c', 1],
    ['a: "b" {{ c }}', 1],
    ['a: "b\\" {{ c }}"\nd: {{ e }}', 2],
    [`a: 'b' # c\nd: '{{ e }}' {{ f }}`, 2],
    ['a: |\n  {{ b }}\n\n  {{ c }}\nd: {{ e }}', 5],
    ['a: |\n  b\n {{ c }}', 0],
    ['a:\n  b: |\n    {{ c }}\n  d: {{ e }}', 4],
    ['- |\n  {{ a }}\n- {{ b }}', 3],
    ['a: >-\n  b\nc: {{ d }}', 3],
    ['a: |2 # why\n    {{ b }}\nc: {{ d }}', 3],
    ['a: &x !t |+\n  {{ b }}\nc: {{ d }}', 3],
    ['a: b|\n  {{ c }}', 2],
    ['a: x |y\n  {{ c }}', 2],
    ['  # {{ a }}\nb: {{ c }}', 2],
    ['x: 1\na: #b {{ c }}\nd: {{ e }}', 3],
    ['a: b#{{ c }}', 0],
    ['a: ${{ b }} {{ c }}', 1],
    ['a: b %}', 0],
    ['a: ${{ b }}', 0],
    ['a: "{{ b }}"', 0],
    ['a: \'{{ "b" }}\'', 0],
    ['a: |\n  {{ b }}', 0],
    [`a: 'bcd {{ e }} f'`, 0],
    [`a: '' {{ e }}`, 1],
    ['a: b # {{ c }}', 0],
    [`a: ${'x'.repeat(10_000)} {{ b }}`, 0],
    ['{"a": "{{ b }}"}', 0],
    ['a: b{ {c', 0],
  ])('is found at its first action outside quotes, blocks and comments: %j in line %i', (text, line) => {
    expect(read(text).template ?? 0).toBe(line);
  });

  it('with many quotes and backslashes in a line is found soon', () => {
    const text = `a: ${'\\"'.repeat(5000)}\nb: {{ c }}\n`;
    expect(read(text).template).toBe(2);
  });
});
