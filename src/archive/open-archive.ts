import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { OciSaveError, systemCodeOf } from '../errors.ts';
import { type ArchiveName, partsListName, sumsName, wholeName } from './archive-name.ts';
import { type ByteSource, joinSegments, type Segment } from './byte-source.ts';
import { parsePartsList, type PartsList } from './parts-list.ts';
import { sumsIn } from './sums.ts';
import type { ArchivePlace } from './write-archive.ts';

/** An archive on disk, in one file or in parts. */
export interface OpenArchive extends ArchivePlace {
  /** Checks what its list or its sums say of it whenever it is read from end to end. */
  readonly source: ByteSource;
  /** The size of its parts; 0 where it stands in one file. */
  readonly partSize: number;
}

/** No list or sums of ours are larger. */
const MAX_TEXT_BYTES = 1024 * 1024;

/**
 * Opens the archive that a path names: `N.tar`, one of its parts, or `N.parts.json`. Undefined where it has none of these
 * names.
 * @throws OciSaveError `usage` where its parts are not all there
 */
export async function openArchive(file: string): Promise<OpenArchive | undefined> {
  const found = /^(?<base>.+?)\.(?:(?<suffix>tar)(?<part>\.\d{3})?|(?<list>parts\.json))$/.exec(
    path.basename(file),
  );
  if (found?.groups === undefined) return undefined;
  const { base = '', part, list } = found.groups;
  const place = { folder: path.dirname(path.resolve(file)), name: { base, suffix: 'tar' } };
  return part === undefined && list === undefined ? openWhole(place) : openParts(place);
}

async function openWhole({ folder, name }: ArchivePlace): Promise<OpenArchive> {
  const whole = wholeName(name);
  const file = path.join(folder, whole);
  const sums = sumsIn(await readSmall(path.join(folder, sumsName(name))));
  const segment: Segment = { file, size: await sizeOf(file), digest: sums.get(whole) };
  return { folder, name, source: joinSegments([segment]), partSize: 0 };
}

async function openParts({ folder, name }: ArchivePlace): Promise<OpenArchive> {
  const { parts } = await readList(folder, name);
  const segments: Segment[] = [];
  const faults: string[] = [];
  for (const { name: part, size, digest } of parts) {
    const file = path.join(folder, path.basename(part));
    const has = await sizeOf(file, true);
    if (has !== size)
      faults.push(has === undefined ? `${part} is missing` : `${part} has ${has} bytes instead of ${size}`);
    segments.push({ file, size, digest });
  }
  if (faults.length > 0) {
    throw new OciSaveError({
      code: 'usage',
      message: `parts cannot be used: ${faults.join(', ')}`,
      hint: 'Bring all parts of one archive into one folder.',
    });
  }
  return { folder, name, source: joinSegments(segments), partSize: parts[0]?.size ?? 0 };
}

async function readList(folder: string, name: ArchiveName): Promise<PartsList> {
  const file = path.join(folder, partsListName(name));
  const list = parsePartsList(await readSmall(file));
  if (list !== undefined) return list;
  throw new OciSaveError({
    code: 'usage',
    message: `${file} is missing, or is no list of parts`,
    hint: 'It stands beside the parts, and says what they are.',
  });
}

async function sizeOf(file: string): Promise<number>;
async function sizeOf(file: string, mayBeAbsent: true): Promise<number | undefined>;
async function sizeOf(file: string, mayBeAbsent = false): Promise<number | undefined> {
  try {
    const stats = await stat(file);
    if (stats.isFile()) return stats.size;
  } catch (error) {
    if (systemCodeOf(error) !== 'ENOENT') throw error;
    if (mayBeAbsent) return undefined;
  }
  throw new OciSaveError({ code: 'usage', message: `${file} is no file that can be read` });
}

async function readSmall(file: string): Promise<string> {
  return (await sizeOf(file, true)) === undefined || (await sizeOf(file)) > MAX_TEXT_BYTES
    ? ''
    : readFile(file, 'utf8');
}
