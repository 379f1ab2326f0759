import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPlan as planOf, type Plan, type PlannedLeaf } from '../../src/copy/plan.ts';
import { type Digest, digestOf } from '../../src/oci/digest.ts';

const digest = (name: string): Digest => digestOf(new TextEncoder().encode(name));
const leaf = (id: string, layers: Record<string, number>): PlannedLeaf => ({
  id: digest(id),
  missing: Object.entries(layers).map(([name, size]) => ({ digest: digest(name), size })),
});

const createPlan = (leaves: readonly PlannedLeaf[], inFlight: readonly Digest[] = []): Plan =>
  planOf(leaves, inFlight);

describe('the plan of a copy', () => {
  it('starts the largest missing blob first', () => {
    const plan = createPlan([leaf('a', { x: 5 }), leaf('b', { y: 50 }), leaf('c', { z: 7 })]);
    expect([plan.next()?.id, plan.next()?.id, plan.next()?.id]).toEqual([
      digest('b'),
      digest('c'),
      digest('a'),
    ]);
  });

  it('lets the leaf with the fewest other missing bytes lead a shared layer', () => {
    const plan = createPlan([leaf('heavy', { base: 90, own: 40 }), leaf('light', { base: 90, own2: 1 })]);
    expect(plan.next()?.id).toBe(digest('light'));
    expect(plan.next()).toBeUndefined();
    plan.landed(digest('base'));
    expect(plan.next()).toEqual({ id: digest('heavy'), brings: [digest('own')] });
  });

  it('starts leaves that weigh the same in their order', () => {
    const plan = createPlan([leaf('b', { x: 5 }), leaf('a', { y: 5 }), leaf('c', { z: 5 })]);
    expect([1, 2, 3].map(() => plan.next()?.id)).toEqual(['b', 'a', 'c'].map(digest));
  });

  it('frees followers when the shared layer lands, not when its leader ends', () => {
    const plan = createPlan([leaf('leader', { base: 90 }), leaf('follower', { base: 90, own: 3 })]);
    plan.next();
    plan.landed(digest('base'));
    expect(plan.next()?.id).toBe(digest('follower'));
  });

  it('needs no copy of a leaf whose last missing layer another one brought', () => {
    const plan = createPlan([leaf('a', { base: 9 }), leaf('b', { base: 9 })]);
    plan.next();
    plan.landed(digest('base'));
    expect(plan.remaining).toBe(0);
  });

  it('lets the next leaf lead where the leader failed before its layer landed', () => {
    const plan = createPlan([leaf('a', { base: 9 }), leaf('b', { base: 9, own: 1 })]);
    const first = plan.next();
    expect(first?.id).toBe(digest('a'));
    plan.released(digest('base'));
    expect(plan.next()).toEqual({ id: digest('b'), brings: [digest('base'), digest('own')] });
  });

  it('waits for a blob that another mover brings, and brings it itself where that mover gives up', () => {
    const plan = createPlan([leaf('a', { small: 1, big: 9 })], [digest('small')]);
    expect(plan.next()).toBeUndefined();
    plan.released(digest('small'));
    expect(plan.next()?.brings).toEqual([digest('small'), digest('big')]);
  });

  const world = fc.array(
    fc.dictionary(fc.constantFrom('p', 'q', 'r', 's', 't', 'u'), fc.integer({ min: 1, max: 99 }), {
      minKeys: 1,
    }),
    { minLength: 1, maxLength: 9 },
  );

  it('brings every blob once, whatever lands when and whoever fails', () => {
    fc.assert(
      fc.property(world, fc.infiniteStream(fc.nat({ max: 99 })), (leaves, dice) => {
        const sizes = Object.assign({}, ...leaves) as Record<string, number>;
        const planned = leaves.map((layers, at) =>
          leaf(`leaf${at}`, Object.fromEntries(Object.keys(layers).map((name) => [name, sizes[name] ?? 0]))),
        );
        const plan = createPlan(planned);
        const flying = new Map<Digest, Set<Digest>>();
        const landed = new Set<Digest>();
        const failedOnce = new Set<Digest>();
        const throwDice = (sides: number): number => (dice.next().value ?? 0) % sides;
        for (let step = 0; step < 500 && (plan.remaining > 0 || flying.size > 0); step += 1) {
          const started = throwDice(2) === 0 ? plan.next() : undefined;
          if (started) {
            for (const blob of started.brings) {
              expect(landed.has(blob)).toBe(false);
              expect([...flying.values()].some((claim) => claim.has(blob))).toBe(false);
            }
            flying.set(started.id, new Set(started.brings));
          }
          const copies = [...flying.keys()];
          const id = copies[throwDice(Math.max(copies.length, 1))];
          const claim = id === undefined ? undefined : flying.get(id);
          if (id === undefined || claim === undefined) continue;
          const [blob] = claim;
          const fails = throwDice(5) === 0 && !failedOnce.has(id);
          if (fails) failedOnce.add(id);
          if (blob !== undefined && !fails) {
            claim.delete(blob);
            landed.add(blob);
            plan.landed(blob);
          }
          if (fails || claim.size === 0) {
            flying.delete(id);
            for (const lost of claim) plan.released(lost);
          }
        }
        expect(plan.remaining).toBe(0);
        // Only what a failed copy alone would have brought may be missing.
        const owed = planned.filter(({ id }) => !failedOnce.has(id)).flatMap(({ missing }) => missing);
        for (const { digest: blob } of owed) expect(landed.has(blob)).toBe(true);
      }),
    );
  });
});
