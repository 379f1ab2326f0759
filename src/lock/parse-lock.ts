import { OciSaveError } from '../errors.ts';
import { jsonIn } from '../text/json-in.ts';
import { describeIssue } from './issue.ts';
import { type Lock, lockSchema } from './schema.ts';

const HINT =
  'It was changed, or something else wrote it. Save the images again, or get it again from where it was saved.';

/**
 * Reads a lock's bytes, which are a stranger's until then.
 * @throws OciSaveError `usage` where they are no lock; the message names `file`, the image and its field
 */
export function parseLock(bytes: Uint8Array, file: string): Lock {
  // Undefined, which no lock is, where it is not JSON: the parser's own words would quote the text.
  const json = jsonIn(bytes);
  if (json === undefined) {
    throw new OciSaveError({
      code: 'usage',
      message: `${file} is not a valid lock: it is not JSON`,
      hint: HINT,
    });
  }
  const parsed = lockSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const why = describeIssue(parsed.error, json);
  throw new OciSaveError({
    code: 'usage',
    message: `${file} is not a valid lock of version 1: ${why}`,
    hint: HINT,
  });
}
