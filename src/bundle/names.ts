import type { LockedImage } from '../lock/index.ts';
import { formatReference, isTag, parseReference } from '../oci/reference.ts';

/** A stored name in its two parts. */
export interface NameAndTag {
  readonly name: string;
  readonly tag: string;
}

/** `repository:tag`, as the lock has it, in parts. The tag follows the last colon; a port never does. */
export function splitName(stored: string): NameAndTag {
  const colon = stored.lastIndexOf(':');
  const tag = stored.slice(colon + 1);
  return colon < 0 || !isTag(tag) ? { name: stored, tag: 'latest' } : { name: stored.slice(0, colon), tag };
}

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
