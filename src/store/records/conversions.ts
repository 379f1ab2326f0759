import { createHash } from 'node:crypto';
import { type Digest, isDigest } from '../../oci/digest.ts';
import { openRecordFile } from './record-file.ts';

/**
 * What each image without a registry's digest became when it was converted: by the digest of its manifest as its source
 * has it, and the program that converted it. It never leaves this machine: nothing could check a record from elsewhere.
 */
export type Conversions = Awaited<ReturnType<typeof openConversions>>;

/** Opens the records of conversions, in `conversions.jsonl`. */
export async function openConversions(file: string) {
  const records = await openRecordFile(file);
  const keyOf = (origin: Digest, converter: string): string =>
    createHash('sha256').update(`${converter} ${origin}`).digest('hex');
  return {
    /** The digest of the manifest that a conversion made. */
    get: (origin: Digest, converter: string): Digest | undefined => {
      const digest = records.get(keyOf(origin, converter));
      return digest !== undefined && isDigest(digest) ? digest : undefined;
    },
    set: (origin: Digest, converter: string, made: Digest): Promise<void> =>
      records.set([[keyOf(origin, converter), made]]),
  };
}
