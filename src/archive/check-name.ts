import path from 'node:path';
import { OciSaveError } from '../errors.ts';
import { hint, option } from '../text/hint.ts';

/** Line breaks and what else moves a cursor, and the signs that turn the direction of text. */
const CONTROL = /[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]/u;

/**
 * Checks the name that an archive is given, which may have folders before it, or the folder that it is called after. Its
 * files are read as lines and by shells where the archive goes.
 * @throws OciSaveError `usage`
 */
export function checkArchiveName(written: string): void {
  const last = written.split(path.sep).at(-1) ?? '';
  const wrong = CONTROL.test(written)
    ? 'has control characters in it'
    : ['', '.', '..'].includes(last)
      ? 'is a folder'
      : undefined;
  if (wrong === undefined) return;
  throw new OciSaveError({
    code: 'usage',
    message: `archive-name: ${JSON.stringify(written)} cannot name an archive: it ${wrong}`,
    hint: hint`Write ${option('archiveName')} NAME, or FOLDER/NAME.`,
  });
}
