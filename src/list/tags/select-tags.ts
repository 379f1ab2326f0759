import type { TagSelection } from '../request.ts';
import { compilePattern, type PatternBudget } from './pattern.ts';
import { compileRange, newestFirst, versionOf } from './version.ts';

/** The tags of a repository that a rule chooses. */
export interface SelectedTags {
  /** By code point, so that two runs agree. */
  readonly tags: readonly string[];
  /** What was left out for another reason than the rule's own patterns and ranges, in words. */
  readonly leftOut: readonly string[];
}

/**
 * What refers to an image, under tags of cosign (SIGNATURE_SPEC.md) and of the referrers' tag schema (distribution-spec):
 * the option `referrers` is about them.
 */
const REFERRER = /^sha256-[0-9a-f]{64}(?:\.\w+)?$/;

/**
 * Reads a rule.
 * @param budget of the patterns of all rules
 * @returns what it chooses of a repository's tags; each tag counts once
 * @throws OciSaveError `list` for a pattern or a range that cannot be read
 */
export function compileSelection(
  selection: TagSelection,
  budget: PatternBudget,
): (tags: readonly string[]) => SelectedTags {
  const compile = (pattern: string): ((tag: string) => boolean) => compilePattern(pattern, budget);
  const allow = selection.allow.map(compile);
  const deny = selection.deny.map(compile);
  const ranges = selection.versions.map(compileRange);
  const { newest } = selection;
  const isAllowed = (tag: string): boolean => {
    if (allow.length > 0 && !allow.some((matches) => matches(tag))) return false;
    if (deny.some((matches) => matches(tag))) return false;
    if (ranges.length === 0) return true;
    const version = versionOf(tag);
    return version !== undefined && ranges.every((contains) => contains(version));
  };
  return (all) => {
    const tags = [...new Set(all)];
    const own = tags.filter((tag) => !REFERRER.test(tag));
    const chosen = own.filter(isAllowed);
    const leftOut = note(tags.length - own.length, 'of signatures and other referrers');
    if (newest === undefined) return { tags: chosen.toSorted(), leftOut };
    const last = newestOf(chosen, newest);
    return { tags: last.tags, leftOut: [...leftOut, ...last.leftOut] };
  };
}

/** The newest by version. Pre-releases come into it only where nothing else is there. */
function newestOf(tags: readonly string[], count: number): SelectedTags {
  const named = tags.flatMap((tag) => {
    const version = versionOf(tag);
    return version === undefined ? [] : [{ tag, version }];
  });
  const final = named.filter(({ version }) => version.prerelease.length === 0);
  const versions = final.length > 0 ? final : named;
  const newest = versions.toSorted(newestFirst).slice(0, count);
  return {
    tags: newest.map(({ tag }) => tag).toSorted(),
    leftOut: [
      ...note(tags.length - named.length, 'without a version'),
      ...note(named.length - versions.length, 'of pre-releases'),
      ...note(versions.length - newest.length, 'of older versions'),
    ],
  };
}

/** `2 of older versions`; nothing for none. */
function note(count: number, what: string): string[] {
  return count === 0 ? [] : [`${count} ${what}`];
}
