import path from 'node:path';
import { OciSaveError, systemCodeOf } from '../../errors.ts';
import { type FileLock, takeFileLock } from '../../store/index.ts';

/** What an update of a site keeps there while it works; `kit/update.sh` uses the same names. */
export const STAGING = '.oci-save-update';

/**
 * Keeps two updates of one site apart, those of `kit/update.sh` included. What a killed one left on this machine is taken
 * over.
 * @throws OciSaveError `machine` where another one is at work, or nothing can be written there
 */
export async function holdSite(site: string): Promise<FileLock> {
  const file = path.join(site, `${STAGING}.lock`);
  try {
    const taken = await takeFileLock(file);
    if ('release' in taken) return taken;
    const { holder } = taken;
    const by = holder === undefined ? '' : ` (process ${holder.pid} on ${holder.host})`;
    throw new OciSaveError({
      code: 'machine',
      message: `another update of ${site} is at work${by}`,
      hint: `Wait for it. If there is none, remove ${file}.`,
    });
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === undefined) throw error;
    throw new OciSaveError({
      code: 'machine',
      message: `nothing can be written in ${site} (${code})`,
      hint: 'Run this as the user whom the folder belongs to.',
      cause: error,
    });
  }
}
