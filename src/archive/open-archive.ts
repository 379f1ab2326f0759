import { stat } from 'node:fs/promises';
import path from 'node:path';
import { OciSaveError } from '../errors.ts';
import { sumsIn } from '../bundle/index.ts';
import { unlessGone } from '../files/index.ts';
import { archiveNamed, partsListName, sumsName, wholeName } from './archive-name.ts';
import { type ByteSource, fileSegment, joinSegments, type Segment } from './byte-source.ts';
import { parsePartsList, readSidecar } from './parts-list.ts';
import type { ArchivePlace } from './write-archive.ts';

/** An archive on disk, in one file or in parts. */
export interface OpenArchive extends ArchivePlace {
  /** Checks what its list or its sums say of it whenever it is read from end to end. */
  readonly source: ByteSource;
  /** The same for a reader that hashes what it takes itself. */
  readonly unchecked: ByteSource;
  /** The size of its parts; 0 where it is one file. */
  readonly partSize: number;
}

/**
 * Opens the archive that a path names: `N.tar`, one of its parts, or `N.parts.json`. Undefined where it has none of
 * these names.
 * @param within real folders that each of its files must lie in, links followed; anywhere, where they are left out
 * @throws OciSaveError `usage` where its parts are not all there, `local` where a file lies elsewhere
 */
export async function openArchive(
  file: string,
  within?: readonly string[],
): Promise<OpenArchive | undefined> {
  const place = archiveNamed(file);
  if (place === undefined) return undefined;
  return place.isPart ? openParts(place, within) : openWhole(place, within);
}

async function openWhole(
  { folder, name }: ArchivePlace,
  within: readonly string[] | undefined,
): Promise<OpenArchive> {
  const whole = wholeName(name);
  const file = path.join(folder, whole);
  const sums = sumsIn(await readSidecar(path.join(folder, sumsName(name)), within));
  const size = await sizeOf(file);
  if (size === undefined) throw unreadable(file);
  return {
    folder,
    name,
    source: joinSegments([fileSegment(file, size, sums.get(whole), within)]),
    unchecked: joinSegments([fileSegment(file, size, undefined, within)]),
    partSize: 0,
  };
}

async function openParts(
  { folder, name }: ArchivePlace,
  within: readonly string[] | undefined,
): Promise<OpenArchive> {
  const listFile = path.join(folder, partsListName(name));
  const parts = parsePartsList(await readSidecar(listFile, within))?.parts;
  if (parts === undefined) {
    throw new OciSaveError({
      code: 'usage',
      message: `${listFile} is missing, or is not a list of parts`,
      hint: 'It belongs beside the parts, and says what they are.',
    });
  }
  const segments: Segment[] = [];
  const unchecked: Segment[] = [];
  const faults: string[] = [];
  for (const { name: part, size, digest } of parts) {
    const file = path.join(folder, path.basename(part));
    const has = await sizeOf(file);
    if (has !== size)
      faults.push(has === undefined ? `${part} is missing` : `${part} has ${has} bytes instead of ${size}`);
    segments.push(fileSegment(file, size, digest, within));
    unchecked.push(fileSegment(file, size, undefined, within));
  }
  if (faults.length > 0) {
    throw new OciSaveError({
      code: 'usage',
      message: `parts cannot be used: ${faults.join(', ')}`,
      hint: 'Bring all parts of one archive into one folder.',
    });
  }
  const partSize = parts[0]?.size ?? 0;
  return { folder, name, source: joinSegments(segments), unchecked: joinSegments(unchecked), partSize };
}

/** Undefined where there is no such file. */
async function sizeOf(file: string): Promise<number | undefined> {
  const stats = await unlessGone(stat(file));
  if (stats === undefined || stats.isFile()) return stats?.size;
  throw unreadable(file);
}

function unreadable(file: string): OciSaveError {
  return new OciSaveError({ code: 'usage', message: `${file} is not a file that can be read` });
}
