import path from 'node:path';
import { LOCK_FILE, lockBeside, readLock } from '../bundle/index.ts';
import { OciSaveError } from '../errors.ts';
import { type Lock, parseLock, MAX_LOCK_BYTES } from '../lock/index.ts';
import { withoutSuffix } from './archive-name.ts';
import { openArchive } from './open-archive.ts';
import { readTar, TarFault } from './read-tar.ts';

/**
 * The lock of an archive that `N.tar`, one of its parts or `N.parts.json` names: the one beside it, else the one in it, for
 * which its headers are read up to there. Undefined where it has none. Nothing of it is verified.
 * @param within real folders that each of its files must lie in, links followed; anywhere, where they are left out
 * @throws OciSaveError `usage` where its parts are not all there, or its lock is not valid; `digest` where it is damaged;
 *   `local` where a file lies elsewhere
 */
export async function lockOfArchive(file: string, within?: readonly string[]): Promise<Lock | undefined> {
  return (await readLock(lockBeside(withoutSuffix(file)), within)) ?? (await lockInArchive(file, within));
}

async function lockInArchive(file: string, within: readonly string[] | undefined): Promise<Lock | undefined> {
  const archive = await openArchive(file, within);
  if (archive === undefined) return undefined;
  try {
    for await (const { path: name, kind, size, body } of readTar(archive.unchecked)) {
      if (kind !== 'file' || name !== LOCK_FILE || size > MAX_LOCK_BYTES) continue;
      const chunks: Uint8Array[] = [];
      for await (const chunk of body) chunks.push(chunk);
      return parseLock(Buffer.concat(chunks), `${path.basename(file)}: ${LOCK_FILE}`);
    }
  } catch (error) {
    if (!(error instanceof TarFault)) throw error;
    throw new OciSaveError({
      code: 'usage',
      message: `${file} cannot be read as an archive: ${error.message}`,
      hint: `oci-save verify ${file} says what is damaged.`,
      cause: error,
    });
  }
  return undefined;
}
