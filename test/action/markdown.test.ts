import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bounded, code, escaped, table } from '../../src/action/markdown.ts';

/** What a browser shows of text with entities. */
const shown = (markdown: string): string =>
  markdown.replaceAll(/&#(\d+);/g, (_, point) => String.fromCodePoint(Number(point)));

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
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        const markdown = escaped(text);
        expect(markdown.replaceAll(/&#\d+;/g, '')).not.toMatch(/[&<>`|\\*_[\]~$@\n\r]|:\/\//);
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
    const titles = ['Name', 'Size'];
    expect(table({ titles, figures: [1], rows }, 1000)).toEqual([
      '| Name | Size |',
      '| --- | ---: |',
      '| a | 1 |',
      '| b | 22 |',
      '| c | 3 |',
    ]);
    expect(table({ titles, rows }, 25).slice(2)).toEqual([
      '| a | 1 |',
      '| b | 22 |',
      '',
      'and 1 more, all in `report.json`',
    ]);
  });

  it('counts bytes, not characters', () => {
    expect(bounded(['ééé', 'x'], 7)).toEqual(['ééé', '', 'and 1 more, all in `report.json`']);
    expect(bounded(['ééé', 'x'], 9)).toEqual(['ééé', 'x']);
  });
});
