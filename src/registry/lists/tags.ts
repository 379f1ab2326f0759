import { z } from 'zod';
import { isTag } from '../../oci/reference.ts';
import { requestPath } from '../request-path.ts';
import type { RepositoryCall } from '../session.ts';
import { readPages, wrongList } from './pages.ts';

export const MAX_TAGS = 10_000;
export const MAX_TAGS_BYTES = 16 * 1024 * 1024;

/** Registries write null for none. */
const pageSchema = z.looseObject({ tags: z.array(z.string()).nullish() });

/**
 * The tags of a repository, each once, sorted.
 * @throws OciSaveError `unsupported` where they are beyond reason, continue at another host, or never end
 */
export async function listTags(
  call: RepositoryCall,
  onWarning: (message: string) => void,
): Promise<string[]> {
  const { domain, path: repository } = call.repository;
  const subject = `${domain}/${repository}, tags`;
  const tags = new Set<string>();
  const take = (json: unknown): boolean | undefined => {
    const page = pageSchema.safeParse(json);
    if (!page.success) return undefined;
    const before = tags.size;
    for (const tag of page.data.tags ?? []) tags.add(tag);
    if (tags.size > MAX_TAGS) throw wrongList(domain, subject, `has more than ${MAX_TAGS} tags`);
    return tags.size > before;
  };
  const path = requestPath(repository, { kind: 'tags' });
  await readPages(call, { subject, noun: 'tags', path, maxBytes: MAX_TAGS_BYTES, take });
  const valid = [...tags].filter(isTag);
  if (valid.length < tags.size) {
    onWarning(`${subject}: ${tags.size - valid.length} names of its list cannot be tags, and are left out`);
  }
  return valid.toSorted();
}
