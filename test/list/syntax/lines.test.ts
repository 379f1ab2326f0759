import { describe, expect, it } from 'vitest';
import { contentLines, stripBlanks, stripQuotes } from '../../../src/list/syntax/lines.ts';

describe('found L3: the lines of a list', () => {
  it.each<[string, string, readonly [number, string][]]>([
    ['none', '', []],
    ['blank ones', '\n \n\t\n', []],
    ['one without a line end', 'a', [[1, 'a']]],
    ['one with a line end', 'a\n', [[1, 'a']]],
    [
      'numbered ones, as written',
      '\n a \n\nb\n',
      [
        [2, ' a '],
        [4, 'b'],
      ],
    ],
    ['comments', '#a\n # b\n\u00A0#c\n#', []],
    ['what zarf writes', '###NAME###/a:1\n### a\n###a b###\n', [[1, '###NAME###/a:1']]],
    ['blanks that nobody sees', '\u00A0\u200B\u200C\u200D\u2060\uFEFF\n\u200Ba\n', [[2, '\u200Ba']]],
  ])('are those with content: %s', (_, text, expected) => {
    expect(contentLines(text).map(({ number, text: line }) => [number, line])).toEqual(expected);
  });

  it.each([
    ['  a b\t', 'a b'],
    ['\u00A0\u200Ba\uFEFF\r', 'a'],
    ['', ''],
    [' \t ', ''],
    ['~!', '~!'],
    ['é', 'é'],
    ['\x7Fa\x7F', '\x7Fa\x7F'],
  ])('lose the blanks at their ends alone: %j', (text, expected) => {
    expect(stripBlanks(text)).toBe(expected);
  });

  it.each([
    [`"a"`, 'a'],
    [`'a'`, 'a'],
    [`''a"`, 'a'],
    [` " a " `, 'a'],
    [`"a`, 'a'],
    [`a'`, 'a'],
    [`a"b`, 'a"b'],
    [`"a" "b"`, 'a" "b'],
    [`""`, ''],
    [`"`, ''],
  ])('lose quotes at their ends alone: %j', (text, expected) => {
    expect(stripQuotes(text)).toBe(expected);
  });
});
