import path from 'node:path';
import { type Digest, isDigest } from '../oci/digest.ts';
import { openRecordFile } from './record-file.ts';

/**
 * What each tag was when its manifest was last read. It is no cache of content: it only tells whether a registry's
 * word about a tag agrees with bytes that were seen. A record that is lost costs one GET of a manifest.
 */
export interface Served {
  /** `repository` with its registry. */
  last(repository: string, tag: string): Digest | undefined;
  note(repository: string, tag: string, digest: Digest): Promise<void>;
}

/** The digests that tags were served under, in `served.jsonl`. */
export async function openServed(folder: string): Promise<Served> {
  const digests = await openRecordFile(path.join(folder, 'served.jsonl'));
  const keyOf = (repository: string, tag: string): string => `${repository}:${tag}`;
  return {
    last(repository, tag) {
      const digest = digests.get(keyOf(repository, tag));
      return digest !== undefined && isDigest(digest) ? digest : undefined;
    },
    note: (repository, tag, digest) => digests.set(keyOf(repository, tag), digest),
  };
}
