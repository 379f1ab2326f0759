import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bounded, code, escaped, prose, table } from '../../src/view/markdown/markdown.ts';

/** What a browser shows of text with entities. */
const shown = (markdown: string): string =>
  markdown.replaceAll(/&#(\d+);/g, (_, point) => String.fromCodePoint(Number(point)));

const special = fc.constantFrom(...'&<>`|\\*_[]~$#@:/\n\r w.'.split(''));
const anyCharacter = fc.integer({ min: 0, max: 0x10_ff_ff }).map((point) => String.fromCodePoint(point));

describe('words in Markdown', () => {
  it.each([
    ['a|b', 'a&#124;b'],
    ['<img src=x onerror=alert(1)>', '&#60;img src=x onerror=alert(1)&#62;'],
    [
      '`x` *y* _z_ ~~s~~ $m$ [t](u) \\',
      '&#96;x&#96; &#42;y&#42; &#95;z&#95; &#126;&#126;s&#126;&#126; &#36;m&#36; &#91;t&#93;(u) &#92;',
    ],
    [
      'see https://evil.example or www.evil.example, @you',
      'see https&#58;//evil.example or www&#46;evil.example, &#64;you',
    ],
    ['one\ntwo\r\n::error::three', 'one; two; : :error::three'],
    ['&amp; &#124;', '&#38;amp; &#38;&#35;124;'],
    ['docker.io/library/nginx:1.27', 'docker.io/library/nginx:1.27'],
  ])('%j', (text, markdown) => {
    expect(escaped(text)).toBe(markdown);
  });

  it('hold nothing that Markdown, HTML or a table would read, and show what was said', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.oneof(special, anyCharacter), maxLength: 200 }), (text) => {
        const markdown = escaped(text);
        expect(markdown.replaceAll(/&#\d+;/g, 'x')).not.toMatch(/[&<>`|\\*_[\]~$@\n\r]|:\/\//);
        expect(code(text)).not.toMatch(/[\n\r|]|<(?!\/?code>)/);
      }),
    );
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-ascii', maxLength: 80 }), (text) => {
        const words = text.trim().replace(/\s+/g, ' ');
        fc.pre(!/::|\/\/|##/.test(words));
        expect(shown(escaped(text))).toBe(words);
      }),
    );
  });
});

describe('a sentence', () => {
  it('has its options in the typeface of code, and nothing else', () => {
    expect(prose('take `copier: direct` or `on-error`')).toBe('take `copier: direct` or `on-error`');
    expect(prose('`<b>` `a|b` ` x`')).not.toMatch(/[`<|]/);
  });
});

describe('code', () => {
  it('is in backticks where nothing in it is special, else in HTML', () => {
    expect(code('quay.io/a_b/c:1@sha256:00')).toBe('`quay.io/a_b/c:1@sha256:00`');
    expect(code('{{ .image }}')).toBe('<code>{{ .image }}</code>');
    expect(code('a`b|c')).toBe('<code>a&#96;b&#124;c</code>');
    expect(code('::error::x')).toBe('<code>: :error::x</code>');
  });
});

describe('a table', () => {
  it('says how many rows it lacks', () => {
    const rows = [
      ['a', '1'],
      ['b', '22'],
      ['c', '3'],
    ];
    const shape = { titles: ['Name', 'Size'], figures: [1], rows, cells: (row: string[]) => row };
    const rest = ', all in the report';
    expect(table(shape, { maxBytes: 1000, rest })).toEqual([
      '| Name | Size |',
      '| :-- | --: |',
      '| a | 1 |',
      '| b | 22 |',
      '| c | 3 |',
    ]);
    expect(table(shape, { maxBytes: 25, rest }).slice(2)).toEqual([
      '| a | 1 |',
      '| b | 22 |',
      '',
      'and 1 more, all in the report',
    ]);
  });

  it('counts bytes, not characters, and asks for no line that is not shown', () => {
    const asked: string[] = [];
    const same = (text: string): string => {
      asked.push(text);
      return text;
    };
    expect(bounded(['ééé', 'x', 'y', 'z'], same, { maxBytes: 7, rest: '' })).toEqual([
      'ééé',
      '',
      'and 3 more',
    ]);
    expect(asked).toEqual(['ééé', 'x']);
    expect(bounded(['ééé', 'x'], same, { maxBytes: 9, rest: '' })).toEqual(['ééé', 'x']);
  });
});
