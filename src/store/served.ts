import { createHash } from 'node:crypto';
import { type Digest, hexOf, isDigest } from '../oci/digest.ts';
import { isHex } from './places.ts';
import { keepRecords, openRecordFile } from './record-file.ts';

/** Which tag a record is about; it does not reveal the tag's name, since repositories may be private. */
export type ServedKey = string;

/**
 * The digest that each tag had when its manifest was last read. This is not a cache of content: it only says whether a
 * registry's word about a tag agrees with bytes that were seen. A record that is lost, or that is wrong, costs one GET
 * of a manifest.
 */
export interface Served {
  /** sha256 of `repository:tag`, in hex. `repository` includes its registry. */
  readonly keyOf: (repository: string, tag: string) => ServedKey;
  get(key: ServedKey): Digest | undefined;
  set(key: ServedKey, digest: Digest): Promise<void>;
  /** The records of those keys that have one: what a cache elsewhere may carry. */
  entries(keys: Iterable<ServedKey>): [ServedKey, Digest][];
  /** Takes records from elsewhere. Those that are here stay; what is not a record is skipped. */
  import(entries: Iterable<readonly [key: string, digest: string]>): Promise<void>;
}

/** Opens the digests that tags were served under, in `served.jsonl`. */
export async function openServed(file: string): Promise<Served> {
  const digests = await openRecordFile(file);
  const get = (key: ServedKey): Digest | undefined => {
    const digest = digests.get(key);
    return digest !== undefined && isDigest(digest) ? digest : undefined;
  };
  return {
    keyOf: (repository, tag) => createHash('sha256').update(`${repository}:${tag}`).digest('hex'),
    get,
    set: (key, digest) => digests.set([[key, digest]]),
    entries: (keys) =>
      [...new Set(keys)].flatMap((key): [ServedKey, Digest][] => {
        const digest = get(key);
        return digest === undefined ? [] : [[key, digest]];
      }),
    import: (entries) =>
      digests.set([...entries].filter(([key, digest]) => isHex(key) && isDigest(digest) && !get(key))),
  };
}

/** Forgets tags whose manifests are gone. */
export function forgetServed(file: string, gone: ReadonlySet<string>): Promise<void> {
  return keepRecords(file, (_, digest) => !isDigest(digest) || !gone.has(hexOf(digest)));
}
