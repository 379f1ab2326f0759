import path from 'node:path';
import { type Digest, digestOf, hexOf, isDigest } from '../oci/digest.ts';
import { openRecordFile } from './record-file.ts';

/**
 * What each tag was when its manifest was last read. It is no cache of content: it only tells whether a registry's
 * word about a tag agrees with bytes that were seen. A record that is lost costs one GET of a manifest.
 */
export interface Served {
  /** `repository` with its registry. */
  last(repository: string, tag: string): Digest | undefined;
  note(repository: string, tag: string, digest: Digest): Promise<void>;
  /** A tag's record for another store. Its key is a hash: it tells neither repository nor tag. */
  record(repository: string, tag: string): readonly [key: string, digest: Digest] | undefined;
  /** Takes in records of another store, where this one has none. */
  adopt(records: Iterable<readonly [key: string, digest: Digest]>): Promise<void>;
}

/** The digests that tags were served under, in `served.jsonl`. */
export async function openServed(folder: string): Promise<Served> {
  const digests = await openRecordFile(path.join(folder, 'served.jsonl'));
  const at = (key: string): Digest | undefined => {
    const digest = digests.get(key);
    return digest !== undefined && isDigest(digest) ? digest : undefined;
  };
  return {
    last: (repository, tag) => at(keyOf(repository, tag)),
    note: (repository, tag, digest) => digests.set(keyOf(repository, tag), digest),
    record(repository, tag) {
      const key = keyOf(repository, tag);
      const digest = at(key);
      return digest === undefined ? undefined : [key, digest];
    },
    async adopt(records) {
      for (const [key, digest] of records) if (at(key) === undefined) await digests.set(key, digest);
    },
  };
}

/** A hash, since a store may be shared and its records travel. */
function keyOf(repository: string, tag: string): string {
  return hexOf(digestOf(new TextEncoder().encode(`${repository}:${tag}`)));
}
