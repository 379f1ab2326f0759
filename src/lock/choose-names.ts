import path from 'node:path';
import { OciSaveError } from '../errors.ts';
import { parseReference, type Reference } from '../oci/reference.ts';
import type { NamingRule } from '../options/index.ts';
import { idleRules, splitName, storedNames } from './names.ts';
import type { Lock, LockedImage } from './schema.ts';

export interface NameChoice {
  /** Globs over stored names, as paths: `*` stays within a part, `**` does not. Empty: all names. */
  readonly only: readonly string[];
  /** Each adds a name; a name to which none applies stays as it is. */
  readonly naming: readonly NamingRule[];
}

export interface ChosenNames {
  /** The names that an image gets in place of a stored one; none where that is not chosen. */
  readonly of: (image: LockedImage, stored: string) => readonly string[];
  /** Rules `FROM=TO` that apply to nothing. */
  readonly idle: readonly string[];
}

/**
 * The names of a lock's images in another place: some of them, under other names. Pure.
 * @throws OciSaveError `usage` for globs that match nothing
 */
export function chooseNames(lock: Lock, { only, naming }: NameChoice): ChosenNames {
  const isChosen = (stored: string): boolean =>
    only.length === 0 || only.some((glob) => path.posix.matchesGlob(stored, glob));
  const chosen = lock.images.flatMap((image) =>
    image.names.filter(isChosen).map((stored) => ({ image, stored })),
  );
  const missed = only.filter((glob) => !chosen.some(({ stored }) => path.posix.matchesGlob(stored, glob)));
  if (missed.length > 0) {
    throw new OciSaveError({
      code: 'usage',
      message: `no image is stored under a name like ${missed.map((glob) => `'${glob}'`).join(', ')}`,
      hint: 'oci-save list BUNDLE shows the names. * matches within a part, ** over several: **/busybox:*.',
    });
  }
  const of = (image: LockedImage, stored: string): readonly string[] =>
    isChosen(stored) ? namesFor(image, stored, naming) : [];
  if (naming.length === 0) return { of, idle: [] };
  const named = chosen.map(({ image, stored }) => referenceOf(image, stored));
  return { of, idle: idleRules(named, naming) };
}

/** What a strip rule made of a reference counts as the reference: its registry is known. */
const STRIPPED = [{ kind: 'strip-domain' }, { kind: 'strip-library' }] as const;

function namesFor(image: LockedImage, stored: string, naming: readonly NamingRule[]): readonly string[] {
  if (naming.length === 0) return [stored];
  const names = storedNames(referenceOf(image, stored), naming);
  return names.length === 0 ? [stored] : names.map((other) => `${other}:${splitName(stored).tag}`);
}

function referenceOf({ ref }: LockedImage, stored: string): Reference {
  const own = parseReference(ref);
  return storedNames(own, STRIPPED).includes(splitName(stored).name) ? own : parseReference(stored);
}
