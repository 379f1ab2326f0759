import { OciSaveError } from '../../../errors.ts';
import { digestOfLock, type Lock } from '../../../lock/index.ts';
import { findReleased, jobOf } from '../../../github-release/index.ts';
import { contentIn, type ReleaseReport } from '../../../report/index.ts';
import { renderBundlePage } from '../../../view/index.ts';
import { askedDigest } from './asked.ts';
import { releaseReport } from '../publish/release.ts';
import type { ReleaseAccess } from '../publish/release-access.ts';
import type { Run } from '../run.ts';

/** What a published release has of what is asked for now. */
export interface ReleasedBefore {
  readonly lock: Lock;
  readonly report: ReleaseReport;
}

/**
 * A release that was made of the same list and the same options, and has all its files: it is what is wanted if the
 * digests in its lock are still those of today. Undefined where it is another one, a draft, or cannot be read;
 * the usual way of the run then reports more.
 */
export async function releasedBefore(
  { target, service, found }: ReleaseAccess,
  { wanted, options, places, io }: Run,
): Promise<ReleasedBefore | undefined> {
  if (found === undefined || found.draft) return undefined;
  // Jobs of one run that may replace each other's archives are told apart by what each one sends.
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
    const { lock, files } = released;
    const content = contentIn(released.report);
    if (content?.asked !== askedDigest(wanted, options, places)) return undefined;
    // Another archive of the same images may stand there: one that was laid out otherwise, or was tampered with.
    if (content.lock !== digestOfLock(lock) || content.sums !== released.sums) return undefined;
    return { lock, report: releaseReport(target, { url: found.url, draft: false, files, removed: [] }) };
  } catch (error) {
    io.signal?.throwIfAborted();
    if (error instanceof OciSaveError) return undefined;
    throw error;
  }
}
