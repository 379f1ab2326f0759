import path from 'node:path';
import { LOCK_FILE } from '../../bundle/index.ts';
import { isInside, realPlaceOf } from '../../files/index.ts';
import { OciSaveError } from '../../errors.ts';
import { formatBytes } from '../../text/bytes.ts';
import { judgeBundle } from '../verify/judge.ts';
import { createObserver, type PartFault } from '../verify/observed.ts';
import { findArchive } from './archive-bytes.ts';
import { checkRoom, type IsWanted, knowsLinks, roomOf } from './room.ts';
import { otherLayout } from './served-site.ts';
import { reportOf, type UnpackIo, type UnpackReport } from './unpack-report.ts';
import { writeEntries, type Written } from './write-entries.ts';

export interface ArchiveReading {
  readonly archive: readonly string[];
  /** Where what is wanted is written: a folder at the site. */
  readonly folder: string;
  /** The site, for messages. */
  readonly site: string;
  /** Whether a file of the bundle, by its path, is to be written. */
  readonly isWanted: IsWanted;
}

/**
 * Reads an archive, its parts or a stream, hashes all of it and writes what is wanted. Of a file it says beforehand what that
 * takes, and there has to be that much room.
 * @throws OciSaveError `usage` or `machine` where nothing was started
 */
export async function readArchive(
  { archive, folder, site, isWanted }: ArchiveReading,
  io: UnpackIo,
): Promise<{ readonly written: Written; readonly report: UnpackReport }> {
  const { emit, signal } = io;
  const [first = ''] = archive;
  const { pieces, chunks } = await findArchive(archive, io);
  for (const { file } of pieces) {
    if (!isInside(await realPlaceOf(path.resolve(file)), [site])) continue;
    throw new OciSaveError({
      code: 'usage',
      message: `${file} lies in ${site}`,
      hint: 'Move the archive out of the folder that is served.',
    });
  }
  const linked = await knowsLinks(folder);
  const room = await roomOf(pieces, isWanted);
  if (room !== undefined) {
    await checkRoom(folder, room, linked);
    const size = formatBytes(room.files + (linked ? 0 : room.names));
    emit({ type: 'log', level: 'info', message: `the new bundle takes ${size} more in ${site}` });
  }
  emit({ type: 'stage', stage: 'verify' });
  const faults: PartFault[] = [];
  const observer = createObserver((delta) => emit({ type: 'bytes', stage: 'verify', delta }));
  const written = await writeEntries(
    chunks(faults),
    folder,
    observer,
    faults,
    async (name, kind, size) => !(await isWanted(name, kind, size)),
  );
  signal?.throwIfAborted();
  const { entries, broken } = written.observed;
  if (broken === undefined && faults.length === 0 && !entries.has(LOCK_FILE)) throw otherLayout(first);
  const report = reportOf(written, judgeBundle(written.observed, {}), { archive: first, output: site });
  return { written, report };
}
