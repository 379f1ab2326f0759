import { openArchive, openArchivePort } from '../../archive/index.ts';
import { openBundlePort } from '../../bundle/index.ts';
import type { ReadPort } from '../../image/index.ts';
import { OciSaveError } from '../../errors.ts';
import type { HeldPlace } from '../../list/index.ts';

/**
 * The bundle in whose lock an image was found: a folder, an archive, or one of its parts.
 * @throws OciSaveError `usage` where it is none any more, `digest` where an archive is cut off, `local` where a file of it lies
 *   elsewhere than it may
 */
export async function openHeld({ path, isArchive, folders }: HeldPlace): Promise<ReadPort> {
  if (!isArchive) return openBundlePort(path, folders);
  const archive = await openArchive(path, folders);
  if (archive !== undefined) return openArchivePort(archive, folders);
  throw new OciSaveError({ code: 'usage', message: `${path} is not an archive of a bundle` });
}
