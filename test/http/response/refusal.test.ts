import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatRefusal, parseRetryAfter, readRefusal, shown } from '../../../src/http/response/refusal.ts';
import { parseErrorBody } from '../../../src/registry/error.ts';

describe('shown', () => {
  it('is one bounded line without control characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 1000 }), (text) => {
        const line = shown(text, []);
        expect(line.length).toBeLessThanOrEqual(300);
        expect(line).not.toMatch(/[\u0000-\u001F\u007F-\u009F\u2028\u2029\u202A-\u202E\u2066-\u2069]/u);
      }),
    );
    expect(shown('a\u001B[31mb\r\nc', [])).toBe('a [31mb c');
  });

  it('hides what was sent as a secret, the longest first', () => {
    expect(shown('got pass and password', ['pass', 'password'])).toBe('got *** and ***');
  });
});

describe('readRefusal', () => {
  const refusal = (text: string) =>
    readRefusal({
      host: 'h',
      status: 403,
      body: new TextEncoder().encode(text),
      retryAfter: undefined,
      secrets: [],
      parse: parseErrorBody,
    });

  it.each([
    ['{"errors":[{"code":"A","message":"b"},{"code":"C"}]}', '403 (A: b; C)', ['A', 'C']],
    ['<!DOCTYPE html><p>secret page', '403 (a web page)', []],
    ['  plain  words\n', '403 (plain words)', []],
    ['{"unknown":"form"}', '403', []],
    ['', '403', []],
  ])('of %j shows %s', (text, expected, codes) => {
    expect(formatRefusal(refusal(text))).toBe(expected);
    expect(refusal(text).codes).toEqual(codes);
  });
});

describe('parseRetryAfter', () => {
  const now = Date.parse('2026-11-25T12:00:00Z');
  it.each([
    ['2', undefined, 2000],
    ['0', undefined, 0],
    ['21600', undefined, 21_600_000],
    ['Wed, 25 Nov 2026 12:00:05 GMT', undefined, 5000],
    ['Wed, 25 Nov 2026 11:00:00 GMT', undefined, 0],
    ['Wed, 25 Nov 2026 09:00:05 GMT', 'Wed, 25 Nov 2026 09:00:00 GMT', 5000],
    ['Wednesday, 25-Nov-26 12:00:05 GMT', undefined, 5000],
    ['-5', undefined, undefined],
    ['1.5', undefined, undefined],
    ['203.915µs', undefined, undefined],
    ['soon', undefined, undefined],
    [undefined, undefined, undefined],
  ])('of %s, sent %s, is %s', (header, date, expected) => {
    expect(parseRetryAfter(header, date, now)).toBe(expected);
  });
});
