import path from 'node:path';
import { OciSaveError } from '../errors.ts';
import { hint, option } from '../text/hint.ts';

/** How the files of one archive are called: `N.tar`, its parts `N.tar.001`…, and the small files beside them. */
export interface ArchiveName {
  /** `N`, without a folder. */
  readonly base: string;
  /** `tar`. */
  readonly suffix: string;
}

/** Three digits keep the parts in order in every shell and every locale. */
export const MAX_PARTS = 999;

/** `N.tar`: the archive, whether it is one file or has to be joined. */
export function wholeName({ base, suffix }: ArchiveName): string {
  return `${base}.${suffix}`;
}

/** `N.tar.001`, from 1. */
export function partName(name: ArchiveName, number: number): string {
  return `${wholeName(name)}.${String(number).padStart(3, '0')}`;
}

/** What follows the base in the name of an archive, of one of its parts, or of their list. */
const SUFFIX = /\.(?:tar(\.\d{3})?|(parts\.json))$/;

/** The path of an archive, of one of its parts or of their list, up to its base: beside it are `N.lock.json` and others. */
export function withoutSuffix(file: string): string {
  return file.replace(SUFFIX, '');
}

/** An archive that a path names, and whether it is by a part or their list. */
export interface NamedArchive {
  readonly folder: string;
  readonly name: ArchiveName;
  readonly isPart: boolean;
}

/** The archive of which a path is the whole, a part or the list of parts; undefined where it has none of these names. */
export function archiveNamed(file: string): NamedArchive | undefined {
  const named = path.basename(file);
  const match = SUFFIX.exec(named);
  const base = named.slice(0, match?.index ?? 0);
  if (match === null || !/^.+$/.test(base)) return undefined;
  const name: ArchiveName = { base, suffix: 'tar' };
  return { folder: path.dirname(path.resolve(file)), name, isPart: (match[1] ?? match[2]) !== undefined };
}

export const sumsName = ({ base }: ArchiveName): string => `${base}.sha256`;
export const partsListName = ({ base }: ArchiveName): string => `${base}.parts.json`;

/** The scripts that join parts, by who runs them. */
export function joinScriptNames({ base }: ArchiveName): {
  readonly shell: string;
  readonly powershell: string;
} {
  return { shell: `${base}.join.sh`, powershell: `${base}.join.ps1` };
}

/** The small files beside the parts of a cut archive, which a whole one does not have. */
export function namesBesideParts(name: ArchiveName): string[] {
  const { shell, powershell } = joinScriptNames(name);
  return [partsListName(name), shell, powershell];
}

/** The small files beside an archive, the sums last. */
export function sidecarNames(name: ArchiveName): string[] {
  return [...namesBesideParts(name), sumsName(name)];
}

/** Whether a name is the archive's, or that of one of its parts: no other file is ever removed. */
export function isPieceName(name: ArchiveName, candidate: string): boolean {
  const whole = wholeName(name);
  return (
    candidate === whole || (candidate.startsWith(whole) && /^\.\d{3}$/.test(candidate.slice(whole.length)))
  );
}

/** Line breaks and other characters that move a cursor, and those that change the direction of text. */
const CONTROL = /[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]/u;

/**
 * Checks the name of an archive, which may have folders before it, or of the folder that gives the archive its name.
 * Where the archive goes, its files are read as lines and by shells.
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
