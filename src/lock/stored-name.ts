import { isTag } from '../oci/reference.ts';

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
