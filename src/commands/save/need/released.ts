import { OciSaveError } from '../../../errors.ts';
import { digestOfLock, type Lock } from '../../../lock/index.ts';
import { findReleased, jobOf } from '../../../github-release/index.ts';
import { contentIn, type ReleaseReport } from '../../../report/index.ts';
import { renderBundlePage } from '../../../view/index.ts';
import { askedDigest } from './asked.ts';
import { releaseReport } from '../publish/release.ts';
import type { ReleaseAccess } from '../publish/release-access.ts';
import type { Run } from '../run.ts';

/**
 * The lock and the report of a release that was made from the same list and the same options, and has all its files: it
 * needs no change if the digests in its lock are still those of today. Undefined where it is another one, a draft, or
 * cannot be read; the full run then reports more.
 */
export async function releasedBefore(
  { target, service, found }: ReleaseAccess,
  { wanted, options, places, io }: Run,
): Promise<{ lock: Lock; report: ReleaseReport } | undefined> {
  if (found === undefined || found.draft) return undefined;
  // Jobs of one run that may replace each other's archives are distinguished by what each one sends.
  if (options.releasePolicy === 'replace' && jobOf(io.env) !== undefined) return undefined;
  try {
    const released = await findReleased({
      service,
      release: found,
      archive: places.archivePlace.name,
      partSize: places.partSize,
      pageOf: renderBundlePage,
    });
    if (released === undefined) return undefined;
    const { lock, files, archive } = released;
    const content = contentIn(released.report);
    if (content?.asked !== askedDigest(wanted, options, places)) return undefined;
    // It may be another archive of the same images: one with another layout, or one that was tampered with.
    if (content.lock !== digestOfLock(lock) || content.sums !== released.sums) return undefined;
    const { id, url } = found;
    return {
      lock,
      report: releaseReport(target, { id, url, draft: false, published: false, files, removed: [] }, archive),
    };
  } catch (error) {
    io.signal?.throwIfAborted();
    if (error instanceof OciSaveError) return undefined;
    throw error;
  }
}
