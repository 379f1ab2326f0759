import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IMAGES } from './images.ts';
import { KINDS, planRun } from './plan.ts';
import { seeded } from './random.ts';

const seeds = fc.integer({ min: 0, max: 2 ** 31 });

describe('a plan of chaos', () => {
  it('is the same for the same seed and number, and another for others', () => {
    fc.assert(
      fc.property(seeds, fc.nat(1000), (seed, at) => {
        expect(planRun(seed, at)).toEqual(planRun(seed, at));
        expect(planRun(seed, at)).not.toEqual({ ...planRun(seed + 1, at), seed });
      }),
    );
  });

  it('has every kind of fault within as many runs as there are kinds, through both copiers', () => {
    fc.assert(
      fc.property(seeds, fc.nat(1000), (seed, from) => {
        const plans = KINDS.map((_, at) => planRun(seed, from + at));
        const kinds = new Set(plans.flatMap(({ steps }) => steps.flat().map(({ kind }) => kind)));
        expect(kinds).toEqual(new Set(KINDS));
        expect(new Set(plans.map(({ copier }) => copier))).toEqual(new Set(['skopeo', 'direct']));
      }),
      { numRuns: 20 },
    );
  });

  it('asks a mirror only where one goes wrong, spoils children where there are some, and ends a quota for good', () => {
    fc.assert(
      fc.property(seeds, fc.nat(1000), (seed, at) => {
        const { steps, mirror } = planRun(seed, at);
        for (const fault of steps.flat())
          if ('what' in fault && 'image' in fault && fault.what === 'child')
            expect(IMAGES[fault.image]?.index).toBe(true);
        expect(mirror).toBe(steps.flat().some(({ kind }) => kind === 'mirror'));
        for (const fault of steps.flat()) {
          if (fault.kind !== 'quota' || fault.side !== 'source') continue;
          expect(fault.what).toBe('manifests');
          expect(fault.after).toBeLessThan(IMAGES.length);
          expect(fault.times).toBeGreaterThan(100);
        }
      }),
    );
  });

  it('damages a store only where there is one, and kills skopeo only where it has a layer to move', () => {
    fc.assert(
      fc.property(seeds, fc.nat(1000), (seed, at) => {
        const { steps, earlier, copier, renewed } = planRun(seed, at);
        for (const fault of steps.flat()) {
          if (fault.kind === 'damaged store') expect(earlier).toBe(true);
          if (fault.kind !== 'skopeo killed') continue;
          expect(copier).toBe('skopeo');
          expect(IMAGES[fault.image]?.large).toBe(true);
          if (renewed.length > 0) expect(renewed).toContain(fault.image);
        }
      }),
    );
  });
});

describe('seeded', () => {
  it('spreads evenly, and picks different members in their order', () => {
    const random = seeded(1, 2);
    const counts = Array.from({ length: 10 }, () => 0);
    for (let at = 0; at < 10_000; at += 1) {
      const number = random.below(10);
      counts[number] = (counts[number] ?? 0) + 1;
    }
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(150);
    expect(random.some([1, 2, 3], 5)).toEqual([1, 2, 3]);
    const some = random.some([...counts.keys()], 4);
    expect([some, new Set(some).size]).toEqual([some.toSorted((a, b) => a - b), 4]);
  });
});
