import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { joinSegments, measureArchive, partSizeOf, piecesOf } from '../../src/archive/index.ts';
import { cutArchive } from '../../src/archive/measure.ts';
import { digestOf } from '../../src/oci/digest.ts';

const NAME = { base: 'site', suffix: 'tar' };

/** Bytes in segments of odd sizes, as a tar has them. */
const bytes = fc.uint8Array({ minLength: 1, maxLength: 3000 });
const segmentsOf = (all: Uint8Array, step: number): { bytes: Uint8Array }[] =>
  Array.from({ length: Math.ceil(all.length / step) }, (_, at) => ({
    bytes: all.subarray(at * step, (at + 1) * step),
  }));

describe('cutting an archive into parts', () => {
  it('gives parts that follow each other, are all full except the last, and cover the whole', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 45 }), fc.integer({ min: 1, max: 900 }), (size, count) => {
        const partSize = Math.max(1, Math.ceil(size / count));
        const cuts = cutArchive(size, partSize);
        expect(cuts[0]?.start).toBe(0);
        expect(cuts.at(-1)?.end).toBe(size);
        for (const [at, { start, end }] of cuts.entries()) {
          expect(end - start).toBeGreaterThan(0);
          expect(end - start).toBeLessThanOrEqual(partSize);
          if (at < cuts.length - 1) expect([end - start, cuts[at + 1]?.start]).toEqual([partSize, end]);
        }
      }),
    );
  });

  it('leaves an archive whole that is not larger than a part, or where no parts are requested', () => {
    expect(cutArchive(1000, 1000)).toEqual([{ start: 0, end: 1000 }]);
    expect(cutArchive(1000, 0)).toHaveLength(1);
    expect(cutArchive(1001, 1000)).toHaveLength(2);
  });

  it('uses the most that fits where 2 or 4 GiB are requested', () => {
    expect([2 ** 31, 2 ** 32, 2 ** 31 - 1, 0].map(partSizeOf)).toEqual([
      2 ** 31 - 1,
      2 ** 32 - 1,
      2 ** 31 - 1,
      0,
    ]);
  });

  it('refuses more parts than three digits can number', () => {
    expect(cutArchive(999, 1)).toHaveLength(999);
    expect(() => cutArchive(1000, 1)).toThrow(/would cut .* into 1000; 999 is the limit/);
  });

  it('names parts so that every shell sorts them in order', () => {
    const names = piecesOf(120, NAME, 10).map(({ name }) => name);
    expect(names[0]).toBe('site.tar.001');
    expect(names.toSorted()).toEqual(names);
    expect(piecesOf(120, NAME, 0).map(({ name }) => name)).toEqual(['site.tar']);
  });
});

describe('measuring an archive', () => {
  it('hashes the whole and every part, wherever chunks and parts begin', async () => {
    await fc.assert(
      fc.asyncProperty(
        bytes,
        fc.integer({ min: 1, max: 700 }),
        fc.integer({ min: 4, max: 4000 }),
        async (all, step, partSize) => {
          const source = joinSegments(segmentsOf(all, step));
          const written = new Map<string, Uint8Array[]>();
          const measured = await measureArchive(source, NAME, {
            partSize,
            sinkFor: async (name) => {
              const chunks: Uint8Array[] = [];
              written.set(name, chunks);
              return {
                write: async (chunk) => void chunks.push(chunk),
                end: async () => {},
                abandon: async () => {},
              };
            },
          });
          expect(measured).toMatchObject({ size: all.length, digest: digestOf(all) });
          const parts = measured.pieces.map(({ name }) => Buffer.concat(written.get(name) ?? []));
          expect(Buffer.concat(parts).equals(all)).toBe(true);
          expect(measured.pieces.map(({ size }) => size)).toEqual(parts.map(({ length }) => length));
          expect(measured.pieces.map(({ digest }) => digest)).toEqual(parts.map(digestOf));
          for (const { start, end, digest } of measured.pieces) {
            const read = Buffer.concat(await Array.fromAsync(source.read(start, end)));
            expect(digestOf(read)).toBe(digest);
          }
        },
      ),
    );
  });
});
