import { describe, expect, it } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { chooseRange, entityTag, isRangeCurrent, isUnmodified } from '../../src/serve/conditional.ts';
import * as fc from 'fast-check';

const digest = digestOf(Buffer.from('this'));
const other = entityTag(digestOf(Buffer.from('that')));

describe('conditional requests to the registry', () => {
  it.each([
    [undefined, false],
    [entityTag(digest), true],
    [`W/${entityTag(digest)}`, true],
    [`${other}, ${entityTag(digest)}`, true],
    ['*', true],
    [other, false],
    [digest, false],
  ])('If-None-Match: %s gives %s', (header, unmodified) => {
    expect(isUnmodified(header, digest)).toBe(unmodified);
  });

  it.each([
    [undefined, true],
    [entityTag(digest), true],
    [`W/${entityTag(digest)}`, false],
    [other, false],
    ['Wed, 21 Oct 2015 07:28:00 GMT', false],
  ])('If-Range: %s gives %s', (header, current) => {
    expect(isRangeCurrent(header, digest)).toBe(current);
  });
});

const size = fc.integer({ min: 1, max: 2 ** 40 });

describe('the Range header', () => {
  it.each([
    [undefined, 'whole'],
    ['', 'whole'],
    ['items=0-1', 'whole'],
    ['bytes=0-1,4-5', 'whole'],
    ['bytes=', 'unsatisfiable'],
    ['bytes=-', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
    ['bytes=5-2', 'unsatisfiable'],
    ['bytes=100-', 'unsatisfiable'],
    ['bytes=100-200', 'unsatisfiable'],
    ['bytes=a-b', 'unsatisfiable'],
    ['bytes=0-1-2', 'unsatisfiable'],
    ['bytes=+1-2', 'unsatisfiable'],
    ['bytes=1e1-', 'unsatisfiable'],
  ])('%j of 100 bytes is %s', (header, kind) => {
    expect(chooseRange(header, 100)).toEqual({ kind });
  });

  it('cannot be satisfied for an empty blob', () => {
    for (const header of ['bytes=0-', 'bytes=0-0', 'bytes=-1']) {
      expect(chooseRange(header, 0)).toEqual({ kind: 'unsatisfiable' });
    }
  });

  it('selects the bytes between both ends, and no more than the blob has', () => {
    fc.assert(
      fc.property(size, fc.nat(), fc.nat(), (size, a, b) => {
        const start = Math.min(a, b) % size;
        const end = start + Math.abs(a - b);
        const expected = { kind: 'part', start, end: Math.min(end, size - 1) };
        expect(chooseRange(`bytes=${start}-${end}`, size)).toEqual(expected);
        expect(chooseRange(`Bytes=${start}-`, size)).toEqual({ kind: 'part', start, end: size - 1 });
      }),
    );
  });

  it('counts a suffix from the end', () => {
    fc.assert(
      fc.property(size, fc.integer({ min: 1 }), (size, length) => {
        const start = Math.max(0, size - length);
        expect(chooseRange(`bytes=-${length}`, size)).toEqual({ kind: 'part', start, end: size - 1 });
      }),
    );
  });

  it('never points outside the blob, whatever the header', () => {
    const piece = fc.constantFrom('bytes', '=', '-', ',', '0', '9', '18446744073709551616', ' ', 'x', '.');
    const header = fc.oneof(
      fc.string(),
      fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join('')),
      fc.array(piece, { maxLength: 5 }).map((pieces) => `bytes=${pieces.join('')}`),
    );
    fc.assert(
      fc.property(header, fc.nat(), (header, size) => {
        const range = chooseRange(header, size);
        if (range.kind !== 'part') return;
        expect(range.start).toBeGreaterThanOrEqual(0);
        expect(range.end).toBeGreaterThanOrEqual(range.start);
        expect(range.end).toBeLessThan(size);
        expect(Number.isSafeInteger(range.start) && Number.isSafeInteger(range.end)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});
