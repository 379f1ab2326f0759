import { OciSaveError } from '../../src/errors.ts';

/** The error with which something fails. @throws Error where it succeeds, or fails with another kind */
export async function failureOf(attempt: Promise<unknown> | (() => unknown)): Promise<OciSaveError> {
  try {
    await (typeof attempt === 'function' ? attempt() : attempt);
  } catch (error) {
    if (error instanceof OciSaveError) return error;
    throw error;
  }
  throw new Error('it did not fail');
}
