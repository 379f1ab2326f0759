import { lstat, open, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { partNameOf, partOf, refuseFolders, sumsIn, unfinishedOf } from '../bundle/index.ts';
import { unlessGone } from '../files/index.ts';
import { isAlive } from '../store/index.ts';
import { type ArchiveName, isPieceName, partsListName, sidecarNames, sumsName } from './archive-name.ts';
import type { ByteSource } from './byte-source.ts';
import {
  measureArchive,
  type MeasuredArchive,
  type MeasureOptions,
  type PieceSink,
  piecesOf,
} from './measure.ts';
import { parsePartsList, readSidecar } from './parts-list.ts';
import { sidecarsOf } from './sidecars.ts';

/** Where an archive is. */
export interface ArchivePlace {
  readonly folder: string;
  readonly name: ArchiveName;
}

/** An archive that is whole on the disk, under the part names of this process. */
export interface PreparedArchive {
  readonly measured: MeasuredArchive;
  /** The names that its files will have, in the order in which they take them: the sums last. */
  readonly files: readonly string[];
  /** What an earlier run wrote there and this one does not. */
  readonly stale: readonly string[];
}

/**
 * Writes an archive, in parts where it is larger than `partSize`, with its sums, and for parts their list and the script
 * that joins them. Nothing has its name yet, and nothing of an earlier archive is changed: `publishResults` does both.
 * @throws OciSaveError `usage` for too many parts, `local` where a folder has one of the names; DamagedBlobError; the
 *   error of the system
 */
export async function prepareArchive(
  source: ByteSource,
  { folder, name }: ArchivePlace,
  options: Omit<MeasureOptions, 'sinkFor'>,
): Promise<PreparedArchive> {
  const fileOf = (file: string): string => path.join(folder, file);
  const pieces = piecesOf(source.size, name, options.partSize).map((piece) => piece.name);
  await refuseFolders([...pieces, ...sidecarNames(name)].map(fileOf));
  await clearAbandoned(folder, name);
  const written: string[] = [];
  const partOfFile = async (file: string): Promise<string> => {
    written.push(fileOf(file));
    return partOf(fileOf(file));
  };
  try {
    const measured = await measureArchive(source, name, {
      ...options,
      sinkFor: async (piece) => openSink(await partOfFile(piece)),
    });
    for (const { name: file, text } of sidecarsOf(measured))
      await writeFile(await partOfFile(file), text, { flag: 'wx' });
    const earlier = [...(await earlierFiles(folder, name)), ...sidecarNames(name)].map(fileOf);
    return { measured, files: written, stale: earlier.filter((file) => !written.includes(file)) };
  } catch (error) {
    await discardParts(written);
    throw error;
  }
}

/** Removes files that were to take these names and have not. */
export async function discardParts(files: readonly string[]): Promise<void> {
  for (const file of files) await rm(partNameOf(file), { force: true });
}

/** Unfinished files of runs that were killed on this host, with any number of parts. */
async function clearAbandoned(folder: string, name: ArchiveName): Promise<void> {
  // The first part last: it shows that the others are ours.
  for (const file of (await readdir(folder)).toSorted().toReversed()) {
    const unfinished = unfinishedOf(file);
    if (unfinished === undefined || isAlive(unfinished.pid)) continue;
    if (isPieceName(name, unfinished.file) || sidecarNames(name).includes(unfinished.file))
      await rm(path.join(folder, file), { force: true });
  }
}

async function openSink(file: string): Promise<PieceSink> {
  const handle = await open(file, 'wx', 0o644);
  return {
    write: (chunk) => handle.appendFile(chunk),
    async end() {
      await handle.sync();
      await handle.close();
    },
    abandon: () => handle.close(),
  };
}

/** The archive or the parts of an earlier run: what its list and its sums name. */
async function earlierFiles(folder: string, name: ArchiveName): Promise<string[]> {
  const list = parsePartsList(await readSidecar(path.join(folder, partsListName(name))));
  const sums = sumsIn(await readSidecar(path.join(folder, sumsName(name)))).keys();
  const named = new Set([...(list?.parts.map((part) => part.name) ?? []), ...sums]);
  const files: string[] = [];
  for (const file of named) {
    // A folder is never a part, even where they name it.
    const stats = await unlessGone(lstat(path.join(folder, file)));
    if (isPieceName(name, file) && stats?.isDirectory() !== true) files.push(file);
  }
  return files;
}
