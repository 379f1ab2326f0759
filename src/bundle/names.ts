import type { LockedImage } from '../lock/index.ts';
import { formatReference, parseReference } from '../oci/reference.ts';

const HAS_DOMAIN = /^(?:[^/]*[.:A-Z][^/]*|localhost|\[[^/]+)\//;

/**
 * The names under which runtimes will look for an image: full references. Names without a registry are for zot
 * alone, unless there are no others.
 */
export function rootNames({ names }: LockedImage): string[] {
  const full = names.filter((name) => HAS_DOMAIN.test(name));
  return [
    ...new Set((full.length > 0 ? full : names).map((name) => formatReference(parseReference(name)))),
  ].toSorted();
}
