import { OciSaveError } from '../errors.ts';
import { hint, option } from '../text/hint.ts';

/** GitHub renames assets with other characters, and those that begin or end with a period; several in a row are not tried. */
const UNCHANGED = /^[A-Za-z0-9_-](?:[A-Za-z0-9._-]*[A-Za-z0-9_-])?$/;
const MAX_CHARACTERS = 200;

/** A text as the beginning of names that GitHub leaves as they are: of a tag with a slash, for one. */
export function assetNameOf(text: string): string {
  const tame = text.replaceAll(/[^A-Za-z0-9._-]+/g, '-').replaceAll(/\.{2,}/g, '.');
  return tame.slice(0, MAX_CHARACTERS).replaceAll(/^\.|\.$/g, '') || 'bundle';
}

/** Throws `usage` where assets whose names begin with `base` would be renamed. */
export function checkAssetBase(base: string): void {
  if (UNCHANGED.test(base) && !base.includes('..') && base.length <= MAX_CHARACTERS) return;
  throw new OciSaveError({
    code: 'usage',
    message: `a release's files cannot be named '${base}': GitHub would rename them`,
    hint: hint`Name the archive with letters, digits, periods, hyphens and underscores: ${option('archiveName')}.`,
  });
}
