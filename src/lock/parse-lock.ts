import { OciSaveError } from '../errors.ts';
import { type Lock, lockSchema } from './schema.ts';

/** Reads a lock's bytes. Throws `usage` where they are none; `file` is named in the message. */
export function parseLock(bytes: Uint8Array, file: string): Lock {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new OciSaveError({ code: 'usage', message: `${file} is no lock: it is not JSON`, cause });
  }
  const parsed = lockSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new OciSaveError({
    code: 'usage',
    message: `${file} is no lock of version 1: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`,
  });
}
