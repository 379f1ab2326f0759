import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatSeconds } from '../../src/text/duration.ts';

const UNITS: Record<string, number> = { s: 1, min: 60, h: 3600, d: 86_400 };

function parse(text: string): number {
  return [...text.matchAll(/([\d.]+) (\w+)/g)].reduce(
    (sum, [, value = '', unit = '']) => sum + Number(value) * (UNITS[unit] ?? Number.NaN),
    0,
  );
}

describe('formatSeconds', () => {
  it.each([
    [0, '0 s'],
    [-1, '0 s'],
    [Number.NaN, '0 s'],
    [0.42, '0.4 s'],
    [5, '5 s'],
    [9.96, '10 s'],
    [59.7, '1 min 00 s'],
    [185, '3 min 05 s'],
    [7440, '2 h 04 min'],
    [97_200, '1 d 03 h'],
  ])('writes %d seconds as %s', (seconds, text) => {
    expect(formatSeconds(seconds)).toBe(text);
  });

  it('differs from the time by at most its smallest unit', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.1, max: 1e7, noNaN: true }), (seconds) => {
        const slack = seconds < 9.95 ? 0.051 : seconds < 3600 ? 0.51 : seconds < 86_400 ? 61 : 3661;
        expect(Math.abs(parse(formatSeconds(seconds)) - seconds)).toBeLessThan(slack);
      }),
    );
  });
});
