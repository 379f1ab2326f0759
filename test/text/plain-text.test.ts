import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plainLines, plainText, printable } from '../../src/text/plain-text.ts';

/** Text rich in what terminals and runners obey. */
const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '::',
        '##',
        '[',
        'vso[',
        '##[error]',
        '::error::',
        '\u001b[31m',
        '\u001b]0;x\u0007',
        ' ',
      ),
      fc.constantFrom('\n', '\r\n', '\t', '\0', '\u0085', '\u2028', '\u202e', '\u200b', '\ufeff', '\ud800'),
      fc.string({ unit: 'binary', maxLength: 5 }),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''));

describe('plainText', () => {
  it('does not change ordinary text', () => {
    const words = 'docker.io/library/nginx:1.27: manifest unknown (404), prüfe ::1 and std::string';
    expect(plainText(words)).toBe(words);
  });

  it('makes one printable line of any text', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        expect(plainText(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
      }),
    );
  });

  it('makes no text a command of a CI runner', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const line = plainText(text);
        expect(line.trimStart().startsWith('::')).toBe(false);
        expect(line).not.toMatch(/##\[|##vso\[/i);
        expect(line).not.toMatch(/\s::(error|set-env|add-mask)(\s|::)/);
      }),
    );
  });

  it('keeps neutralised commands and characters readable', () => {
    expect(plainText('  ::error file=x::boo')).toBe(': :error file=x::boo');
    expect(plainText('a ::add-mask::b')).toBe('a : :add-mask::b');
    expect(plainText('x ##[group]y ##vso[task.setvariable]z')).toBe(
      'x # #[group]y # #vso[task.setvariable]z',
    );
    expect(plainText('a\u202eb\0')).toBe(String.raw`a\u{202e}b\u{0}`);
    expect(plainText('\u001b[31mred\u001b[0m')).toBe('red');
  });

  it('joins lines with semicolons', () => {
    expect(plainText('first\n  second:\r\nthird\n')).toBe('first; second: third');
  });

  it('hides a user and password before a host, but not a digest', () => {
    expect(plainText('proxy http://joe:hunter2@proxy.example:3128 refused')).toBe(
      'proxy http://***@proxy.example:3128 refused',
    );
    const pinned = `docker://busybox@sha256:${'a'.repeat(64)}`;
    expect(plainText(pinned)).toBe(pinned);
  });

  it('cuts a long message', () => {
    expect(plainText('x'.repeat(1_000_000))).toBe(`${'x'.repeat(2000)}...`);
  });
});

describe('plainLines', () => {
  it('keeps lines and drops empty ones', () => {
    expect(plainLines('a\r\n\n  ::error::b\n')).toEqual(['a', ': :error::b']);
  });

  it('keeps a limited number of lines', () => {
    expect(plainLines('x\n'.repeat(100_000)).length).toBeLessThanOrEqual(200);
  });
});

describe('printable', () => {
  it('does not change spaces', () => {
    expect(printable('a  b\u202e')).toBe(String.raw`a  b\u{202e}`);
  });
});
