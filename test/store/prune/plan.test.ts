import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Digest, hexOf } from '../../../src/oci/digest.ts';
import { choosePruned, countedBytes, type StoredBlob } from '../../../src/store/prune/plan.ts';

const blob = (hex: string, size: number, lastUsed: number, linked = false): StoredBlob => ({
  digest: `sha256:${hex}`,
  size,
  lastUsed,
  linked,
});
const hexes = (blobs: readonly StoredBlob[]): string[] => blobs.map(({ digest }) => hexOf(digest));
const NONE = new Set<string>();

describe('a prune to a size', () => {
  it('chooses the least recently used blobs, and of one run the largest first', () => {
    const blobs = [blob('new', 10, 3), blob('small', 1, 1), blob('large', 10, 1), blob('never', 1, 0)];
    const to = (maxBytes: number): string[] => hexes(choosePruned(blobs, NONE, { kind: 'size', maxBytes }));
    expect(to(22)).toEqual([]);
    expect(to(21)).toEqual(['never']);
    expect(to(20)).toEqual(['never', 'large']);
    expect(to(10)).toEqual(['never', 'large', 'small']);
    expect(to(0)).toEqual(['never', 'large', 'small', 'new']);
  });

  it('does not count or choose blobs that a bundle links', () => {
    const blobs = [blob('linked', 100, 1, true), blob('free', 10, 2)];
    expect(countedBytes(blobs)).toBe(10);
    expect(choosePruned(blobs, NONE, { kind: 'size', maxBytes: 10 })).toEqual([]);
    expect(hexes(choosePruned(blobs, NONE, { kind: 'all' }))).toEqual(['free']);
  });

  it('never chooses leased or linked blobs, no more than it must, and none newer than what it leaves', () => {
    const blobs = fc.uniqueArray(
      fc.record({
        digest: fc.stringMatching(/^[0-9a-f]{4}$/).map((hex): Digest => `sha256:${hex}`),
        size: fc.nat(50),
        lastUsed: fc.nat(5),
        linked: fc.boolean(),
      }),
      { selector: ({ digest }) => digest },
    );
    fc.assert(
      fc.property(blobs, fc.func(fc.boolean()), fc.nat(500), (all, isLeased, maxBytes) => {
        const leased = new Set(hexes(all).filter((hex) => isLeased(hex)));
        const chosen = choosePruned(all, leased, { kind: 'size', maxBytes });
        const free = all.filter(({ digest, linked }) => !linked && !leased.has(hexOf(digest)));
        for (const one of chosen) expect(free).toContain(one);
        const left = countedBytes(all) - countedBytes(chosen);
        const stays = free.filter((one) => !chosen.includes(one));
        if (stays.length > 0) expect(left).toBeLessThanOrEqual(maxBytes);
        const last = chosen.at(-1);
        if (last !== undefined) expect(left + last.size).toBeGreaterThan(maxBytes);
        const newest = Math.max(...chosen.map(({ lastUsed }) => lastUsed));
        for (const { lastUsed } of stays) expect(lastUsed).toBeGreaterThanOrEqual(newest);
      }),
    );
  });
});

it('a prune by age chooses the blobs that no run has used since then, or ever', () => {
  const blobs = [blob('old', 1, 5), blob('just', 1, 10), blob('never', 1, 0), blob('linked', 1, 5, true)];
  const chosen = choosePruned(blobs, NONE, { kind: 'unused-since', time: 10 });
  expect(hexes(chosen)).toEqual(['old', 'never']);
  expect(choosePruned(blobs, new Set(['old', 'never']), { kind: 'unused-since', time: 10 })).toEqual([]);
});
