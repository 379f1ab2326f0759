import { open, mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { ReadEntry } from '../../archive/index.ts';
import { OciSaveError, systemCodeOf } from '../../errors.ts';
import { linkOrCopy } from '../../store/index.ts';
import { observeEntry, readToEnd } from '../verify/observe-archive.ts';
import type { Observed, Observer, PartFault } from '../verify/observed.ts';

/** What a file system without hard links costs. */
export interface Copies {
  readonly files: number;
  readonly bytes: number;
}

/** What was written, as it was read. */
export interface Written {
  readonly observed: Observed;
  /** Second names that became copies. */
  readonly copies: Copies;
}

/** Whether a file or a link need not be written, since it is there already, or nobody wants it. */
export type IsUnneeded = (name: string, kind: 'file' | 'link', size: number) => Promise<boolean>;

/**
 * Writes the entries of a bundle's archive below a folder that is empty, and hashes them on the way. Nothing is ever
 * written outside it: names are those of a bundle, and there are no links but to files that stand before them.
 * @param isUnneeded of which entries the bytes are hashed, and nothing is written
 * @throws OciSaveError `digest` where an entry is none that a bundle has; the error of the system
 */
export async function writeEntries(
  chunks: AsyncIterable<Uint8Array>,
  folder: string,
  observer: Observer,
  parts: readonly PartFault[],
  isUnneeded: IsUnneeded = async () => false,
): Promise<Written> {
  const made = new Set<string>();
  const folders = new Set<string>();
  const folded = new Set<string>();
  let [files, bytes] = [0, 0];
  const write = async (entry: ReadEntry): Promise<void> => {
    const { path: name, kind, size, to, body } = entry;
    if (name === '' || name === '.') return;
    checkName(name, kind, observer, folders);
    if (kind !== 'folder') checkFolded(name, folded);
    const place = path.join(folder, ...name.split('/'));
    if ((kind === 'file' || kind === 'link') && (await isUnneeded(name, kind, size)))
      return observeEntry(entry, observer);
    await makeFolder(kind === 'folder' ? place : path.dirname(place), made);
    if (kind === 'file') {
      await observer.file(name, size, written(place, body));
    } else if (kind === 'link') {
      if (observer.entries.get(to)?.kind !== 'file') throw refused(name, 'a link to no file before it');
      const from = path.join(folder, ...to.split('/'));
      if ((await linkOrCopy(from, place)) === 'copied') {
        files += 1;
        bytes += (await stat(place)).size;
      }
      observer.other(name, { kind: 'link', to });
    }
  };
  const writeNamed = async (entry: ReadEntry): Promise<void> => {
    try {
      await write(entry);
    } catch (error) {
      const code = systemCodeOf(error) ?? '';
      throw UNFIT.has(code) ? refused(entry.path, `one that the disk takes no file for (${code})`) : error;
    }
  };
  // Nothing of a damaged archive is kept: the rest of it is only looked at, to say which images it concerns.
  const broken = await readToEnd(chunks, (entry, isBroken) =>
    isBroken ? observeEntry(entry, observer) : writeNamed(entry),
  );
  const { entries, kept } = observer;
  const observed = { entries, kept, isArchive: true, parts, broken, bytes: observer.bytes() };
  return { observed, copies: { files, bytes } };
}

/** What a file system responds to a name that it cannot have; FAT to some that others have. */
const UNFIT = new Set(['ENAMETOOLONG', 'EINVAL', 'EILSEQ', 'EEXIST', 'EISDIR', 'ENOTDIR']);

/** Longer ones no file system takes (Linux: NAME_MAX). */
const MAX_NAME = 255;

function checkName(name: string, kind: string, { entries }: Observer, folders: Set<string>): void {
  const parts = name.split('/');
  const isPlain = parts.every(
    (part) =>
      part !== '' && part !== '.' && part !== '..' && part.length <= MAX_NAME && !/[\p{Cc}\\:]/u.test(part),
  );
  if (!isPlain || name.length > 4096) throw refused(name, 'no name that a bundle has');
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

function refused(name: string, what: string): OciSaveError {
  const shown = JSON.stringify(name.slice(0, 200));
  return new OciSaveError({
    code: 'digest',
    message: `the archive cannot be unpacked: its entry ${shown} is ${what}`,
    hint: 'It is not an archive that oci-save wrote, or it was changed since.',
  });
}

async function makeFolder(folder: string, made: Set<string>): Promise<void> {
  if (made.has(folder)) return;
  await mkdir(folder, { recursive: true, mode: 0o755 });
  made.add(folder);
}

/** The same bytes, and each is in the file when it is given on. */
async function* written(file: string, body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const handle = await open(file, 'wx', 0o644);
  try {
    for await (const chunk of body) {
      await handle.writeFile(chunk);
      yield chunk;
    }
  } finally {
    await handle.close();
  }
}
