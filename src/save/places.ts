import path from 'node:path';
import type { SaveOptions } from '../options.ts';

/** Where a run's results go. Paths are absolute. */
export interface Places {
  /** The bundle's folder; undefined where none is wanted. */
  readonly output: string | undefined;
  readonly archive: string | undefined;
  /** The lock beside an archive. */
  readonly archiveLock: string;
  readonly report: string;
}

const NONE = 'none';

export function placesOf({ output, archive, archiveName }: SaveOptions): Places {
  const folder = output === NONE ? undefined : path.resolve(output);
  const home = folder === undefined ? process.cwd() : path.dirname(folder);
  const name = archiveName || (folder === undefined ? 'oci-bundle' : path.basename(folder));
  const base = path.resolve(home, name);
  return {
    output: folder,
    archive: archive === NONE ? undefined : `${base}.${archive}`,
    archiveLock: `${base}.lock.json`,
    report: `${folder ?? base}.report.json`,
  };
}
