import { OciSaveError, systemCodeOf } from '../errors.ts';
import { hint, option } from '../text/hint.ts';

/** Works on a store. Throws `machine` where the file system refuses. */
export async function whereUsable<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (systemCodeOf(cause) === undefined) throw cause;
    throw new OciSaveError({
      code: 'machine',
      message: `the store ${folder} cannot be used (${systemCodeOf(cause)})`,
      hint: hint`Name another folder with ${option('cacheDir')}.`,
      cause,
    });
  }
}
