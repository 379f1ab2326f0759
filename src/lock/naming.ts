import { OciSaveError } from '../errors.ts';
import type { NamingRule } from '../options/index.ts';
import { DEFAULT_REGISTRY, nameOf, namesRegistry, parseReference, type Reference } from '../oci/reference.ts';

const LIBRARY = 'library/';

/** The names, without tag, under which an image is stored: unique, in the order of the rules. */
export function storedNames(reference: Reference, rules: readonly NamingRule[]): string[] {
  const name = nameOf(reference);
  const named = rules.flatMap((rule) => {
    if (rule.kind === 'keep-domain') return [name];
    if (rule.kind === 'strip-domain') return [reference.path];
    if (rule.kind === 'strip-library') return [stripLibrary(reference)];
    return [];
  });
  const prefix = longestPrefix(name, rules);
  return [...new Set((prefix === undefined ? named : [...named, prefix]).map(normalName))];
}

function stripLibrary({ domain, path }: Reference): string {
  return domain === DEFAULT_REGISTRY && path.startsWith(LIBRARY) ? path.slice(LIBRARY.length) : path;
}

/** A prefix ends at a slash of the name, so that `docker.io/team` leaves `docker.io/teams/x` alone. */
function longestPrefix(name: string, rules: readonly NamingRule[]): string | undefined {
  let best: { from: string; to: string } | undefined;
  for (const rule of rules) {
    if (rule.kind !== 'prefix' || !`${name}/`.startsWith(`${rule.from}/`)) continue;
    if (!best || rule.from.length > best.from.length) best = rule;
  }
  return best === undefined ? undefined : best.to + name.slice(best.from.length);
}

/** Readers normalise what names a registry: `docker.io/app` is `docker.io/library/app` to them. */
function normalName(name: string): string {
  if (!namesRegistry(name)) return name;
  try {
    return nameOf(parseReference(name));
  } catch (error) {
    // `whyUnstorable` refuses it, with the list's line.
    if (error instanceof OciSaveError) return name;
    throw error;
  }
}
