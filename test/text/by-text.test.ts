import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { byNumber } from '../../src/text/by-text.ts';

describe('the order in which people count', () => {
  it.each([
    [
      ['v10', 'v9', 'v1'],
      ['v1', 'v9', 'v10'],
    ],
    [
      ['1.10.2', '1.9.20', '1.9.3'],
      ['1.9.3', '1.9.20', '1.10.2'],
    ],
    [
      ['a', 'a1', ''],
      ['', 'a', 'a1'],
    ],
    [
      ['b2', 'a10', 'b1'],
      ['a10', 'b1', 'b2'],
    ],
    [
      ['x007', 'x7', 'x08'],
      ['x007', 'x7', 'x08'],
    ],
    [
      ['99999999999999999999', '100000000000000000000'],
      ['99999999999999999999', '100000000000000000000'],
    ],
  ])('%j is %j', (texts, sorted) => {
    expect(texts.toSorted(byNumber)).toEqual(sorted);
  });

  it('is one order, whatever the texts: equal ones alone are equal, and a pair is turned by turning it', () => {
    const text = fc.stringMatching(/^[ab0-9.]{0,6}$/);
    fc.assert(
      fc.property(text, text, text, (a, b, c) => {
        expect(Math.sign(byNumber(a, b)) + Math.sign(byNumber(b, a))).toBe(0);
        expect(byNumber(a, b) === 0).toBe(a === b);
        if (byNumber(a, b) < 0 && byNumber(b, c) < 0) expect(byNumber(a, c)).toBeLessThan(0);
      }),
    );
  });
});
