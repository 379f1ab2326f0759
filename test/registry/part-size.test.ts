import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { choosePartSize, partLimitsIn, smallerPart } from '../../src/registry/part-size.ts';

const MIB = 1024 * 1024;
const STREAM = Number.POSITIVE_INFINITY;

describe('choosePartSize', () => {
  const bytes = fc.integer({ min: 1, max: 1000 });
  const orEndless = fc.oneof(bytes, fc.constant(STREAM));
  const choice = fc
    .record({
      size: bytes,
      arrived: fc.double({ min: 0, max: 1, noNaN: true }),
      wanted: orEndless,
      told: fc.record({ least: fc.integer({ min: 0, max: 1000 }), most: orEndless }),
      learnt: orEndless,
      many: fc.boolean(),
    })
    .map(({ arrived, size, ...rest }) => ({ ...rest, size, offset: Math.floor(arrived * size) }));

  it('is within what is told and learnt, or a stream of all', () => {
    fc.assert(
      fc.property(choice, (one) => {
        const part = choosePartSize(one);
        const rest = one.size - one.offset;
        if (part === STREAM) return;
        expect(part).toBeLessThanOrEqual(Math.min(one.told.most, one.learnt, rest));
        expect(part >= one.told.least || part === rest).toBe(true);
        expect(part > 0 || rest === 0).toBe(true);
      }),
    );
  });

  it('keeps what has arrived, where nothing is told and learnt', () => {
    fc.assert(
      fc.property(choice, (one) => {
        const free = { ...one, told: { least: 0, most: STREAM }, learnt: STREAM };
        const part = choosePartSize(free);
        if (one.offset > 0) expect(part).toBe(Math.min(one.wanted, one.size - one.offset));
        else expect(part).toBe(one.wanted >= one.size ? STREAM : one.wanted);
      }),
    );
  });
});

describe('smallerPart', () => {
  it.each([
    [10 * MIB, 'exceeds the maximum permissible limit of 4.00MiB', 4 * MIB],
    [10 * MIB, 'limit: 512 KiB', 512 * 1024],
    [10 * MIB, 'limit is 1000000 b', 1_000_000],
    [10 * MIB, 'blob upload invalid', 4 * MIB],
    [4 * MIB, 'exceeds the maximum permissible limit of 4.00MiB', undefined],
    [3 * MIB, '', undefined],
    [10 * MIB, 'a limit of 0.0B', undefined],
    [10 * MIB, 'a limit of 100 MB', undefined],
  ])('of %i bytes and %j is %s', (refused, words, smaller) => {
    expect(smallerPart(refused, words)).toBe(smaller);
  });

  it('is always smaller than what was refused', () => {
    fc.assert(
      fc.property(fc.nat(), fc.string(), (refused, words) => {
        const smaller = smallerPart(refused, words);
        expect(smaller === undefined || (smaller > 0 && smaller < refused)).toBe(true);
      }),
    );
  });
});

describe('partLimitsIn', () => {
  it.each([
    [{}, { least: 0, most: STREAM }],
    [{ 'oci-chunk-min-length': '5242880' }, { least: 5_242_880, most: STREAM }],
    [{ 'oci-chunk-max-length': '100000000' }, { least: 0, most: 100_000_000 }],
    [
      { 'oci-chunk-min-length': '-5', 'oci-chunk-max-length': '1e9' },
      { least: 0, most: STREAM },
    ],
    [{ 'oci-chunk-max-length': '0' }, { least: 0, most: STREAM }],
    // Parts of a byte each would never end.
    [{ 'oci-chunk-max-length': '1' }, { least: 0, most: STREAM }],
  ])('of %j is %j', (headers, limits) => {
    expect(partLimitsIn(headers)).toEqual(limits);
  });
});
