import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { observe, observeAll, observeListing } from './observe.ts';
import { listingsOf, rulesOf } from './rules.ts';
import { serveSample } from './serving.ts';

describe("zot's look-up rules", () => {
  let serving: Awaited<ReturnType<typeof serveSample>>;
  beforeAll(async () => {
    serving = await serveSample();
  });
  afterAll(() => serving.close());

  it('give the same response to every request as zot', async () => {
    const rules = rulesOf(serving.sample);
    expect(await observeAll(rules, (rule) => observe(serving.url, rule))).toEqual(rules);
  });

  it('list repositories and tags as zot does', async () => {
    const listings = listingsOf(serving.sample);
    expect(await observeAll(listings, (listing) => observeListing(serving.url, listing))).toEqual(listings);
  });

  it('report no problem with a sound tree', () => {
    expect(serving.entries.filter(({ problem }) => problem !== undefined)).toEqual([]);
  });
});
