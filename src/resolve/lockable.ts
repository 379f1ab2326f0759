import { OciSaveError } from '../errors.ts';
import { type LockedImage, lockedImageSchema } from '../lock/index.ts';

/**
 * Refuses an image that a reader of its lock would refuse: what a publisher wrote is judged before it can spoil the lock
 * of others.
 * @throws OciSaveError `unsupported`
 */
export function refuseUnlockable(image: LockedImage): void {
  const parsed = lockedImageSchema.safeParse(image);
  if (parsed.success) return;
  const field = parsed.error.issues[0]?.path.join('.') ?? '';
  throw new OciSaveError({ code: 'unsupported', message: `no lock can hold it: its ${field} is not valid` });
}
