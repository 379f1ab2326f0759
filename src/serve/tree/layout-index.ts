import pLimit from 'p-limit';
import { z } from 'zod';
import { refuse, type Refusal } from '../response.ts';
import { readAndClose, type TreeFiles } from './tree-files.ts';

const MEBIBYTE = 1024 * 1024;
/** Some 75,000 images in one repository. Parsed, an index takes five times its size in memory. */
const MAX_INDEX_BYTES = 16 * MEBIBYTE;
/** So many bytes of index.json files are kept parsed. */
const MAX_CACHED_BYTES = 16 * MEBIBYTE;
const REF_NAME = 'org.opencontainers.image.ref.name';

/** One entry of a repository's index.json. Its digest is the text as written, which may be invalid. */
export interface IndexEntry {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly tag: string | undefined;
}

export interface LayoutIndex {
  readonly entries: readonly IndexEntry[];
  /** The first entry that has this digest or this tag: the only look-up that zot knows. */
  readonly byReference: ReadonlyMap<string, IndexEntry>;
}

/** Reads a repository's index.json; undefined where there is none. */
export type IndexReader = (repository: string) => Promise<LayoutIndex | Refusal | undefined>;

/** As Go's JSON reader takes it: a missing or null field is its zero value. */
export const descriptorSchema = z.object({
  mediaType: z.string().nullish(),
  digest: z.string().nullish(),
  size: z.int().nullish(),
});
const entrySchema = descriptorSchema.extend({ annotations: z.record(z.string(), z.string()).nullish() });
const indexSchema = z.object({ manifests: z.array(entrySchema).nullish() });

/** Reads the bytes of an index.json; undefined where they are not JSON or do not fit the image-spec. */
export function parseLayoutIndex(bytes: Uint8Array): LayoutIndex | undefined {
  const parsed = indexSchema.safeParse(parseJson(bytes));
  if (!parsed.success) return undefined;
  const entries = (parsed.data.manifests ?? []).map(({ mediaType, digest, size, annotations }) => ({
    mediaType: mediaType ?? '',
    digest: digest ?? '',
    size: size ?? 0,
    tag: annotations?.[REF_NAME],
  }));
  const byReference = new Map<string, IndexEntry>();
  for (const entry of entries) {
    for (const reference of [entry.digest, entry.tag]) {
      if (reference && !byReference.has(reference)) byReference.set(reference, entry);
    }
  }
  return { entries, byReference };
}

/** JSON as data; undefined, which no schema accepts, where the bytes are not JSON. */
export function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (cause) {
    // SyntaxError from JSON, TypeError from bytes that are not UTF-8.
    if (cause instanceof SyntaxError || cause instanceof TypeError) return undefined;
    throw cause;
  }
}

interface CachedIndex {
  readonly stamp: string;
  readonly size: number;
  readonly index: Promise<LayoutIndex | Refusal>;
}

/**
 * A reader that keeps what it parsed for as long as the file is the same (inode, size, times of writing and of change): a
 * tag that is added to the tree while the server runs is served at once.
 */
export function createIndexReader(files: TreeFiles): IndexReader {
  const cache = new Map<string, CachedIndex>();
  // Large ones are not held in memory all at once, however many requests come.
  const oneByOne = pLimit(1);
  return async (repository) => {
    const file = await files.open(`${repository}/index.json`);
    if (!file) return undefined;
    const known = cache.get(repository);
    if (known?.stamp === file.stamp) {
      await file.close();
      return known.index;
    }
    const index = oneByOne(async () => toIndex(repository, await readAndClose(file, MAX_INDEX_BYTES)));
    cache.delete(repository);
    cache.set(repository, { stamp: file.stamp, size: file.size, index });
    trim(cache);
    try {
      return await index;
    } catch (thrown) {
      // A file that could not be read may be readable the next time, unchanged.
      if (cache.get(repository)?.index === index) cache.delete(repository);
      throw thrown;
    }
  };
}

function toIndex(repository: string, bytes: Uint8Array | undefined): LayoutIndex | Refusal {
  const fault = bytes
    ? 'does not fit the image-spec'
    : `has more than ${MAX_INDEX_BYTES / MEBIBYTE} MiB, which is not served`;
  const index = bytes && parseLayoutIndex(bytes);
  return index ?? refuse(500, 'UNKNOWN', `index.json of ${repository} ${fault}`);
}

/** Drops what was read first until the rest fits; the newest always stays. */
function trim(cache: Map<string, CachedIndex>): void {
  let total = 0;
  for (const { size } of cache.values()) total += size;
  for (const [repository, { size }] of cache) {
    if (total <= MAX_CACHED_BYTES || cache.size === 1) return;
    cache.delete(repository);
    total -= size;
  }
}
