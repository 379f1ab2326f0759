import { openArchive, openArchivePort } from '../../archive/index.ts';
import { openBundlePort } from '../../bundle/index.ts';
import type { ReadPort } from '../../image/index.ts';
import { OciSaveError } from '../../errors.ts';
import type { HeldPlace } from '../../list/index.ts';

/**
 * The bundle in whose lock an image was found: a folder, an archive, or one of its parts.
 * @throws OciSaveError `usage` where it is none any more, `digest` where an archive is cut off
 */
export async function openHeld({ path, isArchive }: HeldPlace): Promise<ReadPort> {
  if (!isArchive) return openBundlePort(path);
  const archive = await openArchive(path);
  if (archive !== undefined) return openArchivePort(archive);
  throw new OciSaveError({ code: 'usage', message: `${path} is not an archive of a bundle` });
}
