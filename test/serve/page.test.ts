import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRefusal } from '../../src/serve/response.ts';
import { nextLink, parsePageRequest, takePage } from '../../src/serve/page.ts';

const byText = (left: string, right: string): number => (left === right ? 0 : left < right ? -1 : 1);

function request(query: string) {
  const parsed = parsePageRequest(new URLSearchParams(query));
  if (isRefusal(parsed)) throw new Error(parsed.message);
  return parsed;
}

describe('a page of a listing', () => {
  it.each(['n=x', 'n=-1', 'n=1.5', 'n=', 'n=1e3', 'n=99999999999999999999'])('refuses %s', (query) => {
    expect(parsePageRequest(new URLSearchParams(query))).toMatchObject({
      refused: 'PAGINATION_NUMBER_INVALID',
      status: 400,
    });
  });

  it('is empty and has no next page for n=0', async () => {
    const page = await takePage(['a', 'b'], request('n=0'), byText);
    expect(page).toEqual({ items: [], hasMore: false });
    expect(nextLink('/x', page, 0)).toEqual({});
  });

  it('continues after an item that is missing', async () => {
    expect((await takePage(['a', 'c'], request('last=b'), byText)).items).toEqual(['c']);
  });

  it('has no next page where it ends with the list', async () => {
    expect(await takePage(['a', 'b'], request('n=2'), byText)).toEqual({ items: ['a', 'b'], hasMore: false });
  });

  it('reads no more of a list than it needs', async () => {
    let taken = 0;
    function* endless() {
      for (;;) yield String((taken += 1)).padStart(4, '0');
    }
    expect((await takePage(endless(), request('n=3'), byText)).items).toHaveLength(3);
    expect(taken).toBe(4);
  });

  it('gives the whole list, once, to a client that follows the Link headers', async () => {
    const items = fc.uniqueArray(fc.string({ minLength: 1 }), { maxLength: 20 }).map((list) => list.sort());
    await fc.assert(
      fc.asyncProperty(items, fc.integer({ min: 1, max: 8 }), async (items, n) => {
        const seen: string[] = [];
        let query: string | undefined = `n=${n}`;
        while (query !== undefined) {
          const wanted = request(query);
          const page = await takePage(items, wanted, byText);
          seen.push(...page.items);
          const { link } = nextLink('/v2/_catalog', page, wanted.count);
          query = link === undefined ? undefined : /^<\/v2\/_catalog\?(.*)>; rel="next"$/.exec(link)?.[1];
        }
        expect(seen).toEqual(items);
      }),
    );
  });
});
