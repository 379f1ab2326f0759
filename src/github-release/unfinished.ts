import { type ArchiveName, sumsName, wholeName } from '../archive/index.ts';
import { claimedBase, claimName } from './claim.ts';
import type { Asset } from './service/service.ts';

/**
 * Other archives in a release, as `N.tar`, that a job claims, or of which there are pieces and no sums: these come last,
 * so another run is sending it, or broke off. Pure.
 */
export function unfinishedBeside(present: readonly Asset[], own: ArchiveName): string[] {
  const names = new Set(present.map(({ name }) => name));
  const others = present.flatMap(({ name }): ArchiveName[] => {
    const base = claimedBase(name) ?? /^(.+)\.tar(?:\.\d{3})?$/.exec(name)?.[1];
    return base === undefined || base === own.base ? [] : [{ base, suffix: 'tar' }];
  });
  const isUnfinished = (other: ArchiveName): boolean =>
    names.has(claimName(other)) || !names.has(sumsName(other));
  return [...new Set(others.filter(isUnfinished).map(wholeName))];
}
