import { createHash } from 'node:crypto';
import { type Digest, isDigest } from '../../oci/digest.ts';
import { isHex } from '../places.ts';
import { openRecordFile } from './record-file.ts';

/**
 * The digest that each tag had when its manifest was last read. This is not a cache of content: it only says whether a
 * registry's claim about a tag agrees with bytes that were seen. A record that is lost, or that is wrong, costs one GET
 * of a manifest.
 */
export type Served = Awaited<ReturnType<typeof openServed>>;

/** Opens the digests that tags were served under, in `served.jsonl`. */
export async function openServed(file: string) {
  const digests = await openRecordFile(file);
  const get = (key: string): Digest | undefined => {
    const digest = digests.get(key);
    return digest !== undefined && isDigest(digest) ? digest : undefined;
  };
  return {
    /** The key of a tag; `repository` includes its registry. Hashed, since the names of repositories may be private. */
    keyOf: (repository: string, tag: string): string =>
      createHash('sha256').update(`${repository}:${tag}`).digest('hex'),
    get,
    set: (key: string, digest: Digest): Promise<void> => digests.set([[key, digest]]),
    /** The records of those keys that have one: what a cache elsewhere may carry. */
    entries: (keys: Iterable<string>): [key: string, digest: Digest][] =>
      [...new Set(keys)].flatMap((key): [string, Digest][] => {
        const digest = get(key);
        return digest === undefined ? [] : [[key, digest]];
      }),
    /** Takes records from elsewhere. Those that are here stay; what is not a record is skipped. */
    import: (entries: Iterable<readonly [key: string, digest: string]>): Promise<void> =>
      digests.set([...entries].filter(([key, digest]) => isHex(key) && isDigest(digest) && !get(key))),
  };
}
