import { z } from 'zod';
import { OciSaveError } from '../errors.ts';
import { readJson } from '../oci/json.ts';
import { isTag } from '../oci/reference.ts';
import { requestPath, requestUrl } from './request-path.ts';
import type { RegistryResponse, RepositoryCall } from './session.ts';

export const MAX_TAGS = 10_000;
export const MAX_TAGS_BYTES = 16 * 1024 * 1024;

/** Registries write null for none. */
const pageSchema = z.looseObject({ tags: z.array(z.string()).nullish() });

/**
 * The tags of a repository, each once, sorted. Pages follow each other by the Link header (distribution-spec, Listing Tags).
 * @throws OciSaveError `unsupported` where they are beyond reason, continue at another host, or never end
 */
export async function listTags(
  { session, repository, signal }: RepositoryCall,
  onWarning: (message: string) => void,
): Promise<string[]> {
  const subject = `${repository.domain}/${repository.path}, tags`;
  const path = requestPath(repository.path, { kind: 'tags' });
  const wrong = (what: string): OciSaveError =>
    new OciSaveError({ code: 'unsupported', message: `${subject}: ${repository.domain} ${what}` });
  const tags = new Set<string>();
  let bytes = 0;

  const readPage = async (target: URL): Promise<URL | undefined> => {
    const request = { method: 'GET', repository, target, headers: {}, subject, signal } as const;
    const page = await session.request(request, async (response) => {
      if (response.status !== 200) throw await response.error();
      const limit = MAX_TAGS_BYTES - bytes;
      const tooLong = (): OciSaveError => wrong(`sent more than ${MAX_TAGS_BYTES} bytes of tags`);
      return { next: nextOf(response), body: await response.whole({ limit, tooLong }) };
    });
    bytes += page.body.length;
    const json = readJson(page.body);
    const parsed = 'fault' in json ? undefined : pageSchema.safeParse(json.value);
    if (parsed?.success !== true) throw wrong('sent something else than tags');
    const before = tags.size;
    for (const tag of parsed.data.tags ?? []) tags.add(tag);
    if (tags.size > MAX_TAGS) throw wrong(`has more than ${MAX_TAGS} tags`);
    if (page.next === undefined) return undefined;
    const next = URL.parse(page.next, target.href);
    if (next?.origin !== target.origin) throw wrong('goes on with its tags at another host');
    // Pages without new tags could follow each other for ever.
    if (tags.size === before) throw wrong('goes on with its tags without an end');
    // Its path may lack a prefix where a proxy stands before the registry: what counts is where the list goes on.
    return new URL(path + next.search, target);
  };

  let page: URL | undefined = requestUrl(path, await session.registry.address());
  while (page !== undefined) page = await readPage(page);
  const valid = [...tags].filter(isTag);
  if (valid.length < tags.size) {
    onWarning(`${subject}: ${tags.size - valid.length} names of its list cannot be tags, and are left out`);
  }
  return valid.toSorted();
}

/** No part of it goes on over the beginning of the next link: it reads a header once. */
const NEXT = /(?:<([^<>]*)>|(?:^|,)\s*([^<>,;\s]+))\s*;[^,<]*\brel="?next\b/i;

/** Where the next page is (RFC 8288; Quay leaves the brackets out); undefined on the last one. */
function nextOf({ headers: { link } }: RegistryResponse): string | undefined {
  const links = typeof link === 'string' ? link : '';
  const [, bracketed, bare] = NEXT.exec(links) ?? [];
  return bracketed ?? bare;
}
