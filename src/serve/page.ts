import { refuse, type Refusal } from './response.ts';

/** What `?n=` and `?last=` request: at most `count` items after `last`. */
export interface PageRequest {
  readonly count: number | undefined;
  readonly last: string | undefined;
}

export interface Page {
  readonly items: readonly string[];
  readonly hasMore: boolean;
}

/** Reads the query of a listing (distribution-spec, "Listing Tags"). Refuses a count that is not a whole number. */
export function parsePageRequest(query: URLSearchParams): PageRequest | Refusal {
  const [n, last] = [query.get('n'), query.get('last')];
  if (n !== null && !/^\d{1,15}$/.test(n)) {
    return refuse(400, 'PAGINATION_NUMBER_INVALID', 'n is not a whole number from 0');
  }
  return { count: n === null ? undefined : Number(n), last: last || undefined };
}

/** Takes one page off items that come in the order of `compare`, and reads no more of them than are needed. */
export async function takePage(
  items: AsyncIterable<string> | Iterable<string>,
  { count, last }: PageRequest,
  compare: (left: string, right: string) => number,
): Promise<Page> {
  const taken: string[] = [];
  for await (const item of items) {
    if (last !== undefined && compare(item, last) <= 0) continue;
    // An empty page has no next one, which distribution-spec demands for n=0.
    if (taken.length === count) return { items: taken, hasMore: count > 0 };
    taken.push(item);
  }
  return { items: taken, hasMore: false };
}

/** The Link header (RFC 8288) of a page that is not the last. */
export function nextLink(path: string, page: Page, count: number | undefined): Record<string, string> {
  const last = page.items.at(-1);
  if (!page.hasMore || last === undefined || count === undefined) return {};
  return { link: `<${path}?n=${count}&last=${encodeURIComponent(last)}>; rel="next"` };
}
