import { OciSaveError } from '../errors.ts';
import {
  DEFAULT_REGISTRY,
  formatReference,
  nameOf,
  namesRegistry,
  parseReference,
  type Reference,
  withDefaultTag,
} from '../oci/reference.ts';
import { referenceIn } from './entry/source.ts';
import { refusal } from './problems.ts';
import type { IgnoreRule, ImageRequest } from './request.ts';
import { compilePattern, newPatternBudget, type PatternBudget } from './tags/pattern.ts';

/** What a rule leaves out. */
export interface LeftOut {
  /** In normal form. */
  readonly rule: string;
  /** `file:line` of a list's own rule; absent for one of the option `ignore`. */
  readonly place?: string | undefined;
  readonly count: number;
}

/** A rule, ready for use. */
export interface ReadRule {
  /** In normal form. */
  readonly rule: string;
  readonly matches: (reference: Reference) => boolean;
}

/** More rules than any list has images; each is tried on each image. */
export const MAX_RULES = 10_000;

/**
 * Reads a rule: a reference, which means that image alone (without tag and digest its `latest`); a text with `*`, which
 * stands for any run of characters; or a regular expression of a list, which takes of the budget of all of them.
 * @throws OciSaveError `list` for anything else
 */
export function readRule(
  { text, isRegex }: Pick<IgnoreRule, 'text' | 'isRegex'>,
  defaultRegistry: string,
  budget: PatternBudget = newPatternBudget(),
): ReadRule {
  if (isRegex === true) {
    const matches = compilePattern(text, budget);
    return { rule: text, matches: (reference) => formsOf(reference).some(matches) };
  }
  if (text.includes('*')) {
    const rule = normalGlob(text, defaultRegistry);
    const parts = rule.split('*');
    return { rule, matches: (reference) => formsOf(reference).some((form) => fits(form, parts)) };
  }
  const wanted = withDefaultTag(parseReference(text, defaultRegistry));
  return { rule: formatReference(wanted), matches: (reference) => isSame(withDefaultTag(reference), wanted) };
}

/** The digest decides where the rule has one; beside it, a tag counts where both have one. */
function isSame(reference: Reference, wanted: Reference): boolean {
  if (nameOf(reference) !== nameOf(wanted)) return false;
  if (wanted.digest === undefined) return reference.tag === wanted.tag;
  const sameTag = reference.tag === undefined || wanted.tag === undefined || reference.tag === wanted.tag;
  return reference.digest === wanted.digest && sameTag;
}

/** The texts of which a pattern has to fit one: it may end before the tag, or before the digest. */
function formsOf(reference: Reference): string[] {
  const { tag, digest } = withDefaultTag(reference);
  const name = nameOf(reference);
  const tagged = tag === undefined ? [] : [`${name}:${tag}`];
  const pinned =
    digest === undefined ? [] : [`${name}@${digest}`, ...tagged.map((text) => `${text}@${digest}`)];
  return [name, ...tagged, ...pinned];
}

const GLOB = /^[\w./:@*+-]{1,1024}$/;

/** The pattern with its registry. Where its first part has a `*`, that part may be a registry or not: it is taken as it is. */
function normalGlob(text: string, defaultRegistry: string): string {
  if (!GLOB.test(text)) {
    throw refusal('a pattern has only the characters of references, and * for any run of them');
  }
  const slash = text.indexOf('/');
  const [first, rest] = slash < 0 ? ['', text] : [text.slice(0, slash), text.slice(slash + 1)];
  if (slash < 0 && !text.startsWith('*')) {
    const { domain } = parseReference('x', defaultRegistry);
    return `${domain}/${domain === DEFAULT_REGISTRY ? 'library/' : ''}${text}`;
  }
  if (first.includes('*') || slash < 0) return text;
  if (!namesRegistry(text)) return `${parseReference('x', defaultRegistry).domain}/${text}`;
  const { domain } = parseReference(`${first}/x`);
  const isOfficial = domain === DEFAULT_REGISTRY && !rest.includes('/') && !rest.startsWith('*');
  return `${domain}/${isOfficial ? 'library/' : ''}${rest}`;
}

/** Whether a text consists of these parts in their order, with anything between them. Linear: each part is sought once. */
function fits(text: string, parts: readonly string[]): boolean {
  const [first = '', ...others] = parts;
  const last = others.pop() ?? '';
  if (!text.startsWith(first) || text.length < first.length + last.length || !text.endsWith(last))
    return false;
  let at = first.length;
  for (const part of others) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at <= text.length - last.length;
}

/** The images that no rule leaves out, and how many each rule does: the first that fits an image counts. Pure. */
export function leaveOut(
  requests: readonly ImageRequest[],
  rules: readonly ReadRule[],
): { readonly kept: ImageRequest[]; readonly counts: number[] } {
  const counts = rules.map(() => 0);
  if (rules.length === 0) return { kept: [...requests], counts };
  const kept = requests.filter(({ source }) => {
    const reference = referenceIn(source);
    const at = reference === undefined ? -1 : rules.findIndex(({ matches }) => matches(reference));
    if (at >= 0) counts[at] = (counts[at] ?? 0) + 1;
    return at < 0;
  });
  return { kept, counts };
}

/**
 * The rules of the option `ignore`.
 * @throws OciSaveError `usage` for what is neither a reference nor a pattern
 */
export function readIgnore(texts: readonly string[], defaultRegistry: string): ReadRule[] {
  if (texts.length > MAX_RULES) {
    throw new OciSaveError({ code: 'usage', message: `ignore: it has more than ${MAX_RULES} rules` });
  }
  return texts.map((text) => {
    try {
      return readRule({ text }, defaultRegistry);
    } catch (error) {
      if (!(error instanceof OciSaveError)) throw error;
      throw new OciSaveError({
        code: 'usage',
        message: `ignore: ${error.message}`,
        hint: 'Write a reference, or a pattern with *, for example quay.io/acme/*.',
      });
    }
  });
}
