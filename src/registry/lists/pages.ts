import { OciSaveError } from '../../errors.ts';
import { readJson } from '../../oci/json.ts';
import { requestUrl } from '../request-path.ts';
import type { RegistryResponse, RepositoryCall } from '../session.ts';

/** A list that a registry sends in pages. */
export interface PagedList {
  /** How messages name it. */
  readonly subject: string;
  /** What it lists, as the end of a sentence. */
  readonly noun: string;
  /** Of the request, without a query. */
  readonly path: string;
  readonly accept?: string;
  readonly maxBytes: number;
  /**
   * Takes the JSON of one page.
   * @returns whether it brought anything new; undefined where it is not such a list
   */
  readonly take: (json: unknown) => boolean | undefined;
}

/** The error for a list that cannot be used. */
export function wrongList(domain: string, subject: string, what: string): OciSaveError {
  return new OciSaveError({ code: 'unsupported', message: `${subject}: ${domain} ${what}` });
}

/**
 * Reads all pages of a list; they follow each other by the Link header (distribution-spec, Listing Tags, Listing Referrers).
 * @throws OciSaveError `unsupported` where they are beyond reason, continue at another host, or never end; the registry's own
 *   refusal
 */
export async function readPages(
  { session, repository, signal }: RepositoryCall,
  list: PagedList,
): Promise<void> {
  const { subject, noun, path, accept, maxBytes, take } = list;
  const wrong = (what: string): OciSaveError => wrongList(repository.domain, subject, what);
  const headers = accept === undefined ? {} : { accept };
  let bytes = 0;

  const readPage = async (target: URL): Promise<URL | undefined> => {
    const request = { method: 'GET', repository, target, headers, subject, signal } as const;
    const page = await session.request(request, async (response) => {
      if (response.status !== 200) throw await response.error();
      const tooLong = (): OciSaveError => wrong(`sent more than ${maxBytes} bytes of ${noun}`);
      return { next: nextOf(response), body: await response.whole({ limit: maxBytes - bytes, tooLong }) };
    });
    bytes += page.body.length;
    const json = readJson(page.body);
    const isNew = 'fault' in json ? undefined : take(json.value);
    if (isNew === undefined) throw wrong(`sent something else than ${noun}`);
    if (page.next === undefined) return undefined;
    const next = URL.parse(page.next, target.href);
    if (next?.origin !== target.origin) throw wrong(`goes on with its ${noun} at another host`);
    // Pages without anything new could follow each other for ever.
    if (!isNew) throw wrong(`goes on with its ${noun} without an end`);
    // Its path may lack a prefix where a proxy stands before the registry: what counts is where the list goes on.
    return new URL(path + next.search, target);
  };

  let page: URL | undefined = requestUrl(path, await session.registry.address());
  while (page !== undefined) page = await readPage(page);
}

/** No part of it goes on over the beginning of the next link: it reads a header once. */
const NEXT = /(?:<([^<>]*)>|(?:^|,)\s*([^<>,;\s]+))\s*;[^,<]*\brel="?next\b/i;

/** Where the next page is (RFC 8288; Quay leaves the brackets out); undefined on the last one. */
function nextOf({ headers: { link } }: RegistryResponse): string | undefined {
  const links = typeof link === 'string' ? link : '';
  const [, bracketed, bare] = NEXT.exec(links) ?? [];
  return bracketed ?? bare;
}
