import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatBytes, formatCount } from '../../src/text/bytes.ts';

const UNITS: Record<string, number> = { B: 0, KiB: 1, MiB: 2, GiB: 3, TiB: 4, PiB: 5 };

function parse(text: string): number {
  const [value = '', unit = ''] = text.split(' ');
  return Number(value) * 1024 ** (UNITS[unit] ?? Number.NaN);
}

describe('formatBytes', () => {
  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1.0 KiB'],
    [1536, '1.5 KiB'],
    [1024 * 1024 - 1, '1.0 MiB'],
    [12.4 * 1024 ** 2, '12.4 MiB'],
    [99.97 * 1024 ** 2, '100 MiB'],
    [340 * 1024 ** 2, '340 MiB'],
    [1.9 * 1024 ** 3, '1.9 GiB'],
    [-5, '0 B'],
    [Number.NaN, '0 B'],
  ])('writes %d bytes as %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it('is short, and within five per cent of the number', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 52 }), (bytes) => {
        const text = formatBytes(bytes);
        expect(Math.abs(parse(text) - bytes) / bytes).toBeLessThan(0.05);
        expect(text.length).toBeLessThanOrEqual(8);
      }),
    );
  });

  it('does not show more bytes as less', () => {
    const count = fc.integer({ min: 0, max: 2 ** 52 });
    fc.assert(
      fc.property(count, count, (a, b) => {
        expect(parse(formatBytes(Math.min(a, b)))).toBeLessThanOrEqual(parse(formatBytes(Math.max(a, b))));
      }),
    );
  });
});

describe('formatCount', () => {
  it('has a singular and a plural', () => {
    expect([0, 1, 2].map((count) => formatCount(count, 'blob'))).toEqual(['0 blobs', '1 blob', '2 blobs']);
  });
});
