import { OciSaveError } from '../../errors.ts';
import type { Observer } from '../verify/observed.ts';
import { isPlainPath } from '../verify/plain-name.ts';

/** Looks at the names of an archive's entries, in their order. */
export interface EntryNames {
  /** Throws `digest` where a bundle has no entry of that name, or not at this place. */
  check(name: string, kind: string): void;
}

/** @param observer has the files that came before */
export function createNames({ entries }: Pick<Observer, 'entries'>): EntryNames {
  const folders = new Set<string>();
  const folded = new Set<string>();
  return {
    check(name, kind) {
      checkName(name, kind, entries, folders);
      if (kind !== 'folder') checkFolded(name, folded);
    },
  };
}

function checkName(name: string, kind: string, entries: Observer['entries'], folders: Set<string>): void {
  const parts = name.split('/');
  if (!isPlainPath(name)) throw refused(name, 'no name that a bundle has');
  if (kind === 'other') throw refused(name, 'neither a file nor a hard link nor a folder');
  if (entries.has(name) || (kind !== 'folder' && folders.has(name))) throw refused(name, 'there twice');
  for (const [at] of parts.entries()) {
    const above = parts.slice(0, kind === 'folder' ? at + 1 : at).join('/');
    if (entries.has(above)) throw refused(name, 'below a file');
    if (above !== '') folders.add(above);
  }
}

/** Names that some file systems take for one: there, the second would be written over the first, or count as its link. */
function checkFolded(name: string, known: Set<string>): void {
  const folded = name.normalize('NFC').toLowerCase();
  if (known.has(folded))
    throw refused(name, 'there twice, but for capital letters or the form of its characters');
  known.add(folded);
}

/** The error for an entry that no bundle has. */
export function refused(name: string, what: string): OciSaveError {
  const shown = JSON.stringify(name.slice(0, 200));
  return new OciSaveError({
    code: 'digest',
    message: `the archive cannot be unpacked: its entry ${shown} is ${what}`,
    hint: 'It is not an archive that oci-save wrote, or it was changed since.',
  });
}

/** Devices of Windows, which no file or folder can be called, whatever follows after a dot (Naming Files, Win32). */
const DEVICE = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\.|$)/i;

/** The part of a path that is the name of a device on Windows: repositories may be called so. */
export function deviceIn(name: string): string | undefined {
  return name.split('/').find((part) => DEVICE.test(part));
}
