import { stripVTControlCharacters, styleText } from 'node:util';
import * as fc from 'fast-check';
import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import {
  alignColumns,
  columnsFit,
  tableLines,
  truncateEnd,
  truncateMiddle,
} from '../../src/view/terminal/columns.ts';
import { plainText } from '../../src/text/plain-text.ts';
import { renderColumns } from '../../src/view/index.ts';
import { wrapHanging, wrapWords } from '../../src/view/terminal/wrap.ts';

const word = fc.string({ unit: 'grapheme-ascii', minLength: 0, maxLength: 60 }).map((text) => text.trim());
const table = fc.array(fc.tuple(word, word, word), { maxLength: 8 });

describe('truncateMiddle', () => {
  it('keeps both ends of a reference', () => {
    expect(truncateMiddle('registry.k8s.io/kube-apiserver:v1.31.0', 24)).toBe('registry.k...ver:v1.31.0');
  });

  it('is as wide as it may be, and no wider', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-ascii' }), fc.nat(80), (text, max) => {
        for (const cut of [truncateMiddle, truncateEnd]) {
          expect(cut(text, max).length).toBe(Math.min(text.length, max));
        }
      }),
    );
  });

  it('counts a CJK character as the two columns that it fills, and a combining mark as none', () => {
    expect(truncateMiddle('漢字漢字漢字:1', 9)).toBe('漢...:1');
    expect(truncateEnd('漢字漢字', 7)).toBe('漢字...');
    expect(truncateEnd('e\u0301e\u0301e\u0301', 3)).toBe('e\u0301e\u0301e\u0301');
  });

  it('is never wider than it may be, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }).map(plainText), fc.nat(80), (text, max) => {
        for (const cut of [truncateMiddle, truncateEnd]) {
          expect(stringWidth(cut(text, max))).toBeLessThanOrEqual(max);
        }
      }),
    );
  });
});

describe('alignColumns', () => {
  const cells = (...texts: string[]): { text: string }[] => texts.map((text) => ({ text }));

  it('aligns left and right', () => {
    const rows = [cells('NAME', 'SIZE'), cells('a/b:1', '12.4 MiB'), cells('x', '1 B')];
    expect(alignColumns([{}, { align: 'right' }], rows, 80)).toEqual([
      'NAME       SIZE',
      'a/b:1  12.4 MiB',
      'x           1 B',
    ]);
  });

  it('aligns a column behind CJK text', () => {
    expect(alignColumns([{}, {}], [cells('漢字', 'x'), cells('ab', 'y')], 80)).toEqual([
      '漢字  x',
      'ab    y',
    ]);
  });

  it('colours a cell without moving its neighbours', () => {
    const paint = (text: string): string => `<<${text}>>`;
    expect(alignColumns([{}, {}], [[{ text: 'a', paint }, { text: 'b' }], cells('ccc', 'd')], 80)).toEqual([
      '<<a>>    b',
      'ccc  d',
    ]);
  });

  it('shrinks the widest column that may shrink', () => {
    expect(alignColumns([{ min: 8 }, {}], [cells('a'.repeat(30), 'fetched')], 20)).toEqual([
      'aaaa...aaaa  fetched',
    ]);
  });

  it('found I: cuts the end of what is said of an image before anything of its name', () => {
    const columns = [{ min: 8 }, { min: 10, cut: 'end' }] as const;
    const row = [cells('quay.io/acme/app:1', 'fetching 177 KiB, sha256:0123')];
    expect(alignColumns(columns, row, 44)).toEqual(['quay.io/acme/app:1  fetching 177 KiB, sha...']);
    expect(alignColumns(columns, row, 30)).toEqual(['quay.io/acme/app:1  fetchin...']);
    expect(alignColumns(columns, row, 24)).toEqual(['quay...app:1  fetchin...']);
  });

  it('found I: shows a single figure beside its name where rows do not fit into the width', () => {
    const shape = { columns: [{}, {}, { align: 'right' }], headColumns: 1 } as const;
    const rows = [cells('quay.io/acme/app:1', 'linux/amd64', '177 KiB'), cells('1 image', '', '177 KiB')];
    expect(tableLines(shape, rows, 30)).toEqual([
      '  quay.io/acme/app:1',
      '    linux/amd64  177 KiB',
      '  1 image  177 KiB',
    ]);
  });

  it('keeps to the width, where the minima allow it, and ends no line in spaces', () => {
    fc.assert(
      fc.property(table, fc.integer({ min: 34, max: 200 }), (rows, width) => {
        const columns = [{ min: 10 }, { min: 10 }, { min: 10 }];
        for (const line of alignColumns(
          columns,
          rows.map((row) => cells(...row)),
          width,
        )) {
          expect(line.length).toBeLessThanOrEqual(width);
          expect(line).not.toMatch(/ $/);
        }
      }),
    );
  });

  it('starts every cell of a column at the same place', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(word, fc.constant('#')), { minLength: 1 }), (rows) => {
        const lines = alignColumns(
          [{}, {}],
          rows.map((row) => cells(...row)),
          Number.POSITIVE_INFINITY,
        );
        expect(new Set(lines.map((line) => line.length)).size).toBe(1);
      }),
    );
  });

  it('cuts nothing where it says that all fits', () => {
    fc.assert(
      fc.property(table, fc.integer({ min: 1, max: 200 }), (rows, width) => {
        const columns = [{ min: 1 }, { min: 1 }, { min: 1 }];
        const input = rows.map((row) => cells(...row));
        fc.pre(columnsFit(columns, input, width));
        expect(alignColumns(columns, input, width)).toEqual(
          alignColumns(columns, input, Number.POSITIVE_INFINITY),
        );
      }),
    );
  });
});

describe('renderColumns', () => {
  const rows = [
    ['docker.io/library/nginx:1.27', '', 'linux/amd64'],
    ['quay.io/a/b:1', '', ''],
  ];

  it('leaves out columns that say nothing', () => {
    expect(renderColumns(['IMAGE', 'STORED AS', 'PLATFORMS'], rows, undefined).split('\n')).toEqual([
      'IMAGE                         PLATFORMS',
      'docker.io/library/nginx:1.27  linux/amd64',
      'quay.io/a/b:1',
    ]);
  });

  it('keeps to a terminal', () => {
    expect(renderColumns(['IMAGE', 'STORED AS', 'PLATFORMS'], rows, 33).split('\n')).toEqual([
      'IMAGE                 PLATFORMS',
      'docker.i...ginx:1.27  linux/amd64',
      'quay.io/a/b:1',
    ]);
  });
});

describe('wrapWords', () => {
  it('breaks between words and keeps every one', () => {
    const words = fc.array(fc.stringMatching(/^[a-z:/.]{1,30}$/), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(words, fc.integer({ min: 10, max: 100 }), (parts, width) => {
        const lines = wrapWords(parts.join(' '), width);
        expect(lines.join(' ')).toBe(parts.join(' '));
        for (const line of lines) expect(line.length <= width || !line.includes(' ')).toBe(true);
      }),
    );
  });

  it('does not count colours, and counts CJK characters twice', () => {
    const red = (text: string): string => styleText('red', text, { validateStream: false });
    expect(wrapWords(`${red('one')} ${red('two')} three`, 9).map(stripVTControlCharacters)).toEqual([
      'one two',
      'three',
    ]);
    expect(wrapWords('漢字 漢字 漢字', 9)).toEqual(['漢字 漢字', '漢字']);
  });

  it('indents what follows', () => {
    expect(wrapHanging('one two three', 9, 2)).toEqual(['one two', '  three']);
  });
});
