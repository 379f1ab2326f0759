import { OciSaveError } from '../errors.ts';
import { showText } from '../oci/reference-quote.ts';
import { DEFAULT_REGISTRY, nameOf, namesRegistry, parseReference, type Reference } from '../oci/reference.ts';

/** How a reference becomes stored names; each rule adds one. */
export type NamingRule =
  | { readonly kind: 'keep-domain' }
  | { readonly kind: 'strip-domain' }
  | { readonly kind: 'strip-library' }
  | { readonly kind: 'prefix'; readonly from: string; readonly to: string };

const LIBRARY = 'library/';

/** Reads `naming`. Throws `usage` for a rule that is none. */
export function parseNamingRule(text: string): NamingRule {
  if (text === 'keep-domain' || text === 'strip-domain' || text === 'strip-library') return { kind: text };
  const [from = '', to = '', ...more] = text.split('=').map((part) => part.trim().replace(/\/$/, ''));
  if (from === '' || to === '' || more.length > 0 || !isNamePrefix(to)) {
    throw new OciSaveError({
      code: 'usage',
      message: `naming: ${showText(text)} is no rule`,
      hint: 'Write keep-domain, strip-domain, strip-library, or FROM=TO, for example docker.io/=mirror.example/hub/.',
    });
  }
  return { kind: 'prefix', from, to };
}

function isNamePrefix(text: string): boolean {
  try {
    parseReference(`${text}/x`);
    return true;
  } catch (error) {
    if (error instanceof OciSaveError) return false;
    throw error;
  }
}

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
