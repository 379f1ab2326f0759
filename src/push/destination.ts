import { repositoryPath, splitName } from '../lock/index.ts';
import type { PushTarget } from '../options/index.ts';

/** A stored name as a target has it. */
export interface Destination {
  readonly domain: string;
  /** The repository's path there. */
  readonly path: string;
  readonly tag: string;
  /** `registry/path:tag`. */
  readonly text: string;
}

/**
 * Where a stored name goes: after the target's prefix, in the form that registries take (ports and capitals of the
 * stored registry encoded as in a bundle), folded where the target says how deep names may be.
 */
export function destinationOf({ domain, prefix, depth }: PushTarget, stored: string): Destination {
  const { name, tag } = splitName(stored);
  const whole = [prefix, repositoryPath(name)].filter((part) => part !== '').join('/');
  const path = foldPath(whole, depth);
  return { domain, path, tag, text: `${domain}/${path}:${tag}` };
}

/** A path of at most `depth` parts: `a/b/c/d` at depth 2 is `a/b-c-d`. */
function foldPath(path: string, depth: number | undefined): string {
  const parts = path.split('/');
  if (depth === undefined || parts.length <= depth) return path;
  return [...parts.slice(0, depth - 1), parts.slice(depth - 1).join('-')].join('/');
}
