import { isDigest } from '../oci/digest.ts';
import { isTag } from '../oci/reference.ts';
import { filesAt } from './tree/folder-files.ts';
import { createIndexReader } from './tree/layout-index.ts';
import { isRefusal } from './response.ts';
import type { ServeOptions } from './server.ts';

/** A name that can be pulled. */
export interface ServedTag {
  readonly repository: string;
  readonly tag: string;
  readonly digest: string;
}

/** Every tag of a tree, repository by repository, as a registry over it lists them. What cannot be read has none. */
export async function listTags(root: ServeOptions['root']): Promise<ServedTag[]> {
  const files = await filesAt(root);
  const readIndex = createIndexReader(files);
  const found: ServedTag[] = [];
  for await (const repository of files.repositories()) {
    const index = await readIndex(repository);
    if (index === undefined || isRefusal(index)) continue;
    const tags = new Map<string, string>();
    for (const { tag, digest } of index.entries) {
      if (tag !== undefined && isTag(tag) && isDigest(digest) && !tags.has(tag)) tags.set(tag, digest);
    }
    const sorted = [...tags].toSorted(([a], [b]) => (a < b ? -1 : 1));
    found.push(...sorted.map(([tag, digest]) => ({ repository, tag, digest })));
  }
  return found;
}
