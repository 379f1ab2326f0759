import { z } from 'zod';
import type { OwnFileKind } from '../text/own-file-kind.ts';
import { jsonIn } from '../text/json-in.ts';

const START = /^\{\n {2}"version": \d+,\n {2}"images": \[(?:\],\n {2}"files": |\n {4}\{\n {6}"ref": ")/;

/** A lock of any version has this. */
const anyLock = z.looseObject({
  version: z.int(),
  images: z.array(z.looseObject({ ref: z.string(), names: z.array(z.string()), digest: z.string() })),
  blobs: z.record(z.string(), z.number()),
});

/** How a lock is recognised: by its start, so that a cut one is recognised too, or by what every version of it has. */
export const LOCK_FILE_KIND: OwnFileKind = {
  noun: 'a lock of oci-save',
  matches: (bytes, isWhole) =>
    START.test(bytes.toString('utf8')) || (isWhole && anyLock.safeParse(jsonIn(bytes)).success),
};
