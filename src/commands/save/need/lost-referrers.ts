import type { LockedImage, LockedReferrer } from '../../../lock/index.ts';
import { type Digest, shortDigest } from '../../../oci/digest.ts';
import { isSignatureType } from '../../../oci/referrer.ts';
import type { RunReport } from '../../../report/index.ts';
import type { ReferrersChoice, ResolvedImage } from '../../../resolve/index.ts';
import { formatCount } from '../../../text/bytes.ts';
import { readEarlierLocks } from './earlier-locks.ts';
import type { Run } from '../run.ts';

/** Digests that a warning names. */
const MAX_NAMED = 3;

/**
 * A warning for each image whose digest is that of an earlier save at this run's output, and of whose signatures or other
 * referrers some are not found any more: a source that lost them, or hides them, looks like one that never had any.
 */
export async function warnOfLostReferrers(
  images: readonly ResolvedImage[],
  { options: { referrers: choice }, places }: Pick<Run, 'options' | 'places'>,
): Promise<RunReport['warnings']> {
  if (choice === 'none') return [];
  const earlier = await readEarlierLocks(places);
  return images.flatMap((image) => {
    for (const { file, lock } of earlier) {
      const same = lock.images.filter(({ ref, digest }) => ref === image.ref && digest === image.digest);
      if (same.length === 0) continue;
      const lost = lostReferrers(image, same, choice);
      const [origin] = image.wanted.origins;
      if (lost.length === 0) return [];
      const place = origin === undefined ? {} : { origin: { ...origin } };
      return [{ text: image.ref, message: words(lost, choice, file), ...place }];
    }
    return [];
  });
}

function words(lost: readonly LockedReferrer[], choice: ReferrersChoice, file: string): string {
  const noun = choice === 'signatures' ? 'signature' : 'referrer';
  const named = lost.slice(0, MAX_NAMED).map(({ digest }) => shortDigest(digest));
  const more = lost.length > MAX_NAMED ? ` and ${lost.length - MAX_NAMED} more` : '';
  const [are, them] = lost.length === 1 ? ['is', 'it'] : ['are', 'them'];
  return (
    `${formatCount(lost.length, noun)} that ${file} has of the same digest ${are} not found at its source any more ` +
    `(${named.join(', ')}${more}): what is saved now does not have ${them}`
  );
}

/**
 * The referrers that an image had in an earlier lock, and has no more. One counts where this save looks for its kind, and
 * for what refers to its subject. cosign replaces what is under its tag when it adds to it: that is not lost. Pure.
 */
export function lostReferrers(
  {
    referrers,
    manifests,
  }: Pick<ResolvedImage, 'referrers'> & {
    readonly manifests: Pick<ReadonlySet<Digest>, 'has'>;
  },
  earlier: readonly Pick<LockedImage, 'referrers'>[],
  choice: ReferrersChoice,
): LockedReferrer[] {
  const isWanted = ({ tag, artifactType = '' }: LockedReferrer): boolean =>
    choice === 'all' || tag?.endsWith('.sig') === true || isSignatureType(artifactType);
  const had = earlier.flatMap((image) => image.referrers).filter(isWanted);
  const direct = had.filter(({ subject }) => manifests.has(subject));
  // A referrer that is lost took with it what refers to it.
  const subjects = new Set(direct.map(({ digest }) => digest));
  const looked = had.filter(({ subject }) => manifests.has(subject) || subjects.has(subject));
  const now = new Set(
    referrers.flatMap(({ digest, subject, tag }) => [
      `${digest} ${subject}`,
      ...(tag === undefined ? [] : [tag]),
    ]),
  );
  const lost = looked.filter(
    ({ digest, subject, tag }) => !now.has(`${digest} ${subject}`) && (tag === undefined || !now.has(tag)),
  );
  return [...new Map(lost.map((one) => [`${one.digest} ${one.subject}`, one])).values()];
}
