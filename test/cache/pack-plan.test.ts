import { expect, it } from 'vitest';
import { PACK_BYTES, packOf, planPacks, sumOf } from '../../src/cache/packing.ts';
import { digestOf } from '../../src/oci/digest.ts';

const blob = (at: number, size: number) => ({ digest: digestOf(Buffer.from(String(at))), size });
const none: ReadonlySet<string> = new Set();

it('packs only what is in no pack yet', () => {
  const [old, fresh] = [blob(1, 100), blob(2, 200)];
  const plan = planPacks({ blobs: [old, fresh], whole: true }, [packOf([old])], none);
  expect(plan).toMatchObject({
    kept: [packOf([old])],
    fresh: [packOf([fresh])],
    excessBytes: 0,
    blockedBytes: 0,
  });
});

it('packs anew what is in use of a pack that is hardly in use, unless images failed', () => {
  const [used, gone] = [blob(1, 100), blob(2, 900)];
  const pack = packOf([used, gone]);
  expect(planPacks({ blobs: [used], whole: true }, [pack], none)).toMatchObject({
    kept: [],
    fresh: [packOf([used])],
  });
  expect(planPacks({ blobs: [used], whole: false }, [pack], none)).toMatchObject({ kept: [pack], fresh: [] });
});

it('saves a spoilt pack in halves, and one of a single blob not at all, which is counted', () => {
  const [a, b, c] = [blob(1, 100), blob(2, 200), blob(3, 2 * PACK_BYTES)];
  const spoilt = new Set([packOf([a, b]).hex, packOf([c]).hex]);
  const plan = planPacks({ blobs: [a, b, c], whole: true }, [], spoilt);
  expect(plan.fresh).toEqual([packOf([a]), packOf([b])]);
  expect(plan.blockedBytes).toBe(c.size);
});

it('leaves out what is beyond the limit, with what stays counted in', () => {
  const [old, fits, large] = [blob(1, 600), blob(2, 300), blob(3, PACK_BYTES)];
  const limit = 1000 + PACK_BYTES - 200;
  const plan = planPacks({ blobs: [old, fits, large], whole: true }, [packOf([old])], none, limit);
  expect(plan.fresh).toEqual([packOf([fits])]);
  expect(plan.excessBytes).toBe(sumOf([packOf([large])]));
});
