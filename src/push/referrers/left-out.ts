import type { Digest } from '../../oci/digest.ts';
import type { LockedReferrer } from '../../lock/index.ts';
import type { PushName } from '../plan.ts';

/**
 * The manifests whose referrers a target gets with one of an image's variants, each after that to which it belongs: those
 * of the variant, and the referrers themselves. None where the digest is no variant of it. Pure.
 */
export function subjectsAt(
  { variants, referrers }: Pick<PushName, 'variants' | 'referrers'>,
  there: Digest,
): ReadonlyMap<Digest, readonly LockedReferrer[]> {
  const bySubject = Map.groupBy(referrers, ({ subject }) => subject);
  const found = new Map<Digest, readonly LockedReferrer[]>();
  // Referrers of referrers last.
  const subjects = new Set(variants.find(({ digest }) => digest === there)?.manifests);
  for (const subject of subjects) {
    const own = bySubject.get(subject);
    if (own === undefined) continue;
    found.set(subject, own);
    for (const { digest } of own) subjects.add(digest);
  }
  return found;
}

/**
 * How many of an image's referrers do not come along with one of its variants, as the signature of an index where a target
 * has the leaf in its place. 0 where the digest is no variant: then nothing of the image is there. Pure.
 */
export function countLeftOut(
  name: Pick<PushName, 'variants' | 'referrers'>,
  there: Digest | undefined,
): number {
  if (there === undefined || !name.variants.some(({ digest }) => digest === there)) return 0;
  const taken = [...subjectsAt(name, there).values()].reduce((sum, own) => sum + own.length, 0);
  return name.referrers.length - taken;
}
