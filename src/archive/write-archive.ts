import { lstat, open, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { OciSaveError } from '../errors.ts';
import { unlessGone } from '../files/index.ts';
import { partOf, writeFileWhole } from '../bundle/index.ts';
import { isAlive } from '../store/index.ts';
import { type ArchiveName, isPieceName, joinScriptName, partsListName, sumsName } from './archive-name.ts';
import type { ByteSource } from './byte-source.ts';
import { type MeasuredArchive, measureArchive, type MeasureOptions, type PieceSink } from './measure.ts';
import { parsePartsList } from './parts-list.ts';
import { readSidecar } from './read-sidecar.ts';
import { sidecarsOf } from './sidecars.ts';
import { sumsIn } from './sums.ts';

/** Where an archive stands. */
export interface ArchivePlace {
  readonly folder: string;
  readonly name: ArchiveName;
}

export interface ArchiveWrite extends Omit<MeasureOptions, 'sinkFor'> {
  /** Called when all bytes are on the disk, before the first file takes or loses its name. */
  readonly beforeNames?: (() => Promise<void>) | undefined;
}

/**
 * Writes an archive, in parts where it is larger than `partSize`, with its sums, and for parts their list and the script
 * that joins them. Nothing has its name before all bytes are on the disk; the sums come last, so that they never vouch
 * for a mixture. What an earlier run wrote there and this one does not is removed, and no other file.
 * @throws OciSaveError `digest` where a blob is damaged, `usage` for too many parts; what the file system says
 */
export async function writeArchive(
  source: ByteSource,
  { folder, name }: ArchivePlace,
  { beforeNames, ...options }: ArchiveWrite,
): Promise<MeasuredArchive> {
  const fileOf = (file: string): string => path.join(folder, file);
  const written = new Map<string, string>();
  await clearAbandoned(folder, name);
  try {
    const archive = await measureArchive(source, name, {
      ...options,
      async sinkFor(piece) {
        const temporary = await partOf(fileOf(piece));
        written.set(piece, temporary);
        return openSink(temporary);
      },
    });
    await beforeNames?.();
    const sidecars = sidecarsOf(archive);
    const wanted = new Set([...written.keys(), ...sidecars.map((sidecar) => sidecar.name)]);
    const earlier = await earlierFiles(folder, name);
    const stale = [...earlier, partsListName(name)].filter((file) => !wanted.has(file));
    // Nothing of the earlier archive goes before all of the new one can have its place.
    for (const file of [...wanted, partsListName(name), joinScriptName(name)])
      if (await isFolder(fileOf(file))) throw inTheWay(fileOf(file));
    for (const file of [...stale, joinScriptName(name), sumsName(name)])
      await rm(fileOf(file), { force: true });
    // The list first: a run that is killed among the parts leaves word of which files are ours.
    const [list, others] = partition(sidecars, (sidecar) => sidecar.name === partsListName(name));
    for (const sidecar of list) await writeFileWhole(fileOf(sidecar.name), sidecar.text);
    for (const [piece, temporary] of written) await rename(temporary, fileOf(piece));
    for (const sidecar of others) await writeFileWhole(fileOf(sidecar.name), sidecar.text);
    return archive;
  } catch (error) {
    for (const temporary of written.values()) await rm(temporary, { force: true });
    throw error;
  }
}

function partition<T>(all: readonly T[], chosen: (one: T) => boolean): [T[], T[]] {
  return [all.filter(chosen), all.filter((one) => !chosen(one))];
}

/** Unfinished pieces of runs that were killed on this host, whatever number the parts had then. */
async function clearAbandoned(folder: string, name: ArchiveName): Promise<void> {
  // The first part last: it tells that the others are ours.
  for (const file of (await readdir(folder)).toSorted().toReversed()) {
    const [, piece = '', pid] = /^(.+)\.(\d+)\.part$/.exec(file) ?? [];
    if (pid === undefined || !isPieceName(name, piece) || isAlive(Number(pid))) continue;
    await rm(path.join(folder, file), { force: true });
  }
}

async function openSink(file: string): Promise<PieceSink> {
  const handle = await open(file, 'w', 0o644);
  return {
    write: (chunk) => handle.appendFile(chunk),
    async end() {
      await handle.sync();
      await handle.close();
    },
    async abandon() {
      await handle.close();
    },
  };
}

/** The archive or the parts of an earlier run: what its list and its sums name. */
async function earlierFiles(folder: string, name: ArchiveName): Promise<string[]> {
  const list = parsePartsList(await readSidecar(path.join(folder, partsListName(name))));
  const sums = sumsIn(await readSidecar(path.join(folder, sumsName(name)))).keys();
  const named = new Set([...(list?.parts.map((part) => part.name) ?? []), ...sums]);
  const files: string[] = [];
  for (const file of named) {
    // Whatever they say, a folder is no part.
    if (isPieceName(name, file) && !(await isFolder(path.join(folder, file)))) files.push(file);
  }
  return files;
}

async function isFolder(file: string): Promise<boolean> {
  return (await unlessGone(lstat(file)))?.isDirectory() ?? false;
}

function inTheWay(file: string): OciSaveError {
  return new OciSaveError({
    code: 'local',
    message: `the archive could not be written: a folder stands at ${file}`,
    hint: 'Look at what stands there, or name another one with --output or --archive-name.',
  });
}
