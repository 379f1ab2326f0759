import { mkdir, open, stat } from 'node:fs/promises';
import path from 'node:path';
import type { ReadEntry } from '../../archive/index.ts';
import { systemCodeOf } from '../../errors.ts';
import { linkOrCopy } from '../../store/index.ts';
import { observeEntry, readToEnd } from '../verify/observe-archive.ts';
import type { Observed, Observer, PartFault } from '../verify/observed.ts';
import { createNames, refused } from './entry-names.ts';
import { setMode } from './to-disk.ts';

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
  /** Files with bytes of their own, and folders. */
  readonly files: readonly string[];
  readonly folders: readonly string[];
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
  const names = createNames(observer);
  const ownFiles: string[] = [];
  let [files, bytes] = [0, 0];
  const write = async (entry: ReadEntry): Promise<void> => {
    const { path: name, kind, size, to, isExecutable, body } = entry;
    if (name === '' || name === '.') return;
    names.check(name, kind);
    const steps = name.split('/');
    const place = path.join(folder, ...steps);
    if ((kind === 'file' || kind === 'link') && (await isUnneeded(name, kind, size)))
      return observeEntry(entry, observer);
    if (kind === 'link' && observer.entries.get(to)?.kind !== 'file')
      throw refused(name, 'a link to no file before it');
    await makeFolder(folder, kind === 'folder' ? steps : steps.slice(0, -1), made);
    if (kind === 'file') {
      await observer.file(name, size, written(place, body, isExecutable));
      ownFiles.push(place);
    } else if (kind === 'link') {
      const from = path.join(folder, ...to.split('/'));
      if ((await linkOrCopy(from, place)) === 'copied') {
        files += 1;
        bytes += (await stat(place)).size;
        ownFiles.push(place);
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
  return { observed, copies: { files, bytes }, files: ownFiles, folders: [folder, ...made] };
}

/** What a file system responds to a name that it cannot have; FAT to some that others have. */
const UNFIT = new Set(['ENAMETOOLONG', 'EINVAL', 'EILSEQ', 'EEXIST', 'EISDIR', 'ENOTDIR']);

/** Each folder that is made on the way gets its mode, whatever the umask: a server may run as another user. */
async function makeFolder(top: string, names: readonly string[], made: Set<string>): Promise<void> {
  let folder = top;
  for (const name of names) {
    folder = path.join(folder, name);
    if (made.has(folder)) continue;
    await mkdir(folder, { recursive: true, mode: 0o755 });
    await setMode(folder, 0o755);
    made.add(folder);
  }
}

/** The same bytes, and each is in the file when it is given on. */
async function* written(
  file: string,
  body: AsyncIterable<Uint8Array>,
  isExecutable: boolean,
): AsyncGenerator<Uint8Array> {
  const mode = isExecutable ? 0o755 : 0o644;
  const handle = await open(file, 'wx', mode);
  try {
    for await (const chunk of body) {
      await handle.writeFile(chunk);
      yield chunk;
    }
  } finally {
    await handle.close();
  }
  await setMode(file, mode);
}
