import { lstat } from 'node:fs/promises';
import path from 'node:path';
import { unlessGone, whyForeign } from '../files/index.ts';
import { type ArchiveName, partName, partsListName, sumsName } from './archive-name.ts';
import { partsIn, TAR_FILE_KIND } from './file-kinds.ts';
import { readSidecar } from './read-sidecar.ts';
import { sumsIn } from './sums.ts';

/** Which parts after the first belong to an archive of ours. */
export interface KnownParts {
  /** @param pid of the run that was killed while it wrote the part; undefined for a part that has its name */
  has(part: string, pid: number | undefined): boolean;
}

/**
 * A part after the first has no header that tells of it. It is known where the list of parts or the sums name it. Where both
 * are gone, it is known if the first part is ours and the parts up to it follow each other with the first one's size,
 * as only the last may be smaller. One that was being written is known by the first part of the same run.
 *
 * @param files all names in the folder
 */
export async function knownParts(
  folder: string,
  name: ArchiveName,
  files: readonly string[],
): Promise<KnownParts> {
  const read = (file: string): Promise<string> => readSidecar(path.join(folder, file));
  const listed = partsIn(Buffer.from(await read(partsListName(name)))) ?? [];
  const summed = sumsIn(await read(sumsName(name))).keys();
  const known = new Set([...listed, ...summed, ...(await followers(folder, name))]);
  const first = partName(name, 1);
  const firsts = new Set<string>();
  for (const file of files) {
    if (file === first || (file.startsWith(`${first}.`) && file.endsWith('.part'))) {
      const isOurs = (await whyForeign(path.join(folder, file), TAR_FILE_KIND)) === undefined;
      if (isOurs) firsts.add(file);
    }
  }
  return {
    has: (part, pid) =>
      known.has(part) || (pid !== undefined && (firsts.has(`${first}.${pid}.part`) || firsts.has(first))),
  };
}

/** The parts that follow a first one of ours without a gap. */
async function followers(folder: string, name: ArchiveName): Promise<string[]> {
  const first = path.join(folder, partName(name, 1));
  const size = await sizeOf(first);
  if (size === undefined || (await whyForeign(first, TAR_FILE_KIND)) !== undefined) return [];
  const parts: string[] = [];
  for (let number = 2; ; number += 1) {
    const part = partName(name, number);
    const own = await sizeOf(path.join(folder, part));
    if (own === undefined || own > size) return parts;
    parts.push(part);
    if (own < size) return parts;
  }
}

/** Undefined where no regular file stands there. */
async function sizeOf(file: string): Promise<number | undefined> {
  const stats = await unlessGone(lstat(file));
  return stats?.isFile() === true ? stats.size : undefined;
}
