import { type ArchiveName, sumsName, wholeName } from '../../archive/index.ts';
import type { Asset } from './service.ts';

/**
 * Other archives in a release, as `N.tar`, of which there are pieces and no sums: these come last, so another run is
 * sending it, or broke off. Pure.
 */
export function unfinishedBeside(present: readonly Asset[], own: ArchiveName): string[] {
  const names = new Set(present.map(({ name }) => name));
  const others = present.flatMap(({ name }): ArchiveName[] => {
    const [, base] = /^(.+)\.tar(?:\.\d{3})?$/.exec(name) ?? [];
    return base === undefined || base === own.base ? [] : [{ base, suffix: 'tar' }];
  });
  return [...new Set(others.filter((other) => !names.has(sumsName(other))).map(wholeName))];
}
