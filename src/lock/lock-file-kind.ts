import { z } from 'zod';
import { jsonIn } from '../text/json-in.ts';

const START = /^\{\n {2}"version": \d+,\n {2}"images": \[(?:\],\n {2}"files": |\n {4}\{\n {6}"ref": ")/;

/** A lock of any version has this. */
const anyLock = z.looseObject({
  version: z.int(),
  images: z.array(z.looseObject({ ref: z.string(), names: z.array(z.string()), digest: z.string() })),
  blobs: z.record(z.string(), z.number()),
});

/**
 * How a lock is told: by its start, so that a cut one is told too, or by what every version of it has. An `OwnFileKind`
 * of `files/`, by its form alone: what imports the lock's format does no I/O.
 */
export const LOCK_FILE_KIND = {
  noun: 'a lock of oci-save',
  matches: (bytes: Buffer, isWhole: boolean): boolean =>
    START.test(bytes.toString('utf8')) || (isWhole && anyLock.safeParse(jsonIn(bytes)).success),
};
