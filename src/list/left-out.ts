import { OciSaveError } from '../errors.ts';
import { leaveOut, type LeftOut, MAX_RULES, readIgnore, type ReadRule, readRule } from './ignore.ts';
import type { Problem } from './problems.ts';
import { newPatternBudget } from './tags/pattern.ts';
import { formatOrigin, type IgnoreRule, type ImageRequest } from './request.ts';

export interface RuleOptions {
  /** References and patterns of the option `ignore`; none by default. */
  readonly ignore?: readonly string[] | undefined;
  readonly defaultRegistry: string;
}

/** A rule of the option, or of a list. */
export interface PlacedRule extends ReadRule {
  /** Of a list's own rule, which is about that list alone. */
  readonly origin?: IgnoreRule['origin'];
}

/**
 * The rules of the option and of lists. A list's own rule that cannot be read is a problem.
 * @throws OciSaveError `usage` for a bad rule of the option
 */
export function readRules(
  listed: readonly IgnoreRule[],
  { ignore = [], defaultRegistry }: RuleOptions,
): { readonly rules: readonly PlacedRule[]; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const rules: PlacedRule[] = readIgnore(ignore, defaultRegistry);
  const budget = newPatternBudget();
  for (const [at, rule] of listed.entries()) {
    if (at >= MAX_RULES) {
      const reason = `the lists have more than ${MAX_RULES} rules for what is left out`;
      problems.push({ ...rule.origin, reason });
      break;
    }
    try {
      rules.push({ ...readRule(rule, defaultRegistry, budget), origin: rule.origin });
    } catch (error) {
      if (!(error instanceof OciSaveError)) throw error;
      problems.push({ ...rule.origin, reason: error.message, hint: error.hintParts });
      // All that follow would be refused alike.
      if (budget.left <= 0) break;
    }
  }
  return { rules, problems };
}

/** The images that no rule leaves out. The option's rules are about every list, and come first; a list's are about its own. */
export function withoutIgnored(
  requests: readonly ImageRequest[],
  rules: readonly PlacedRule[],
): { readonly kept: readonly ImageRequest[]; readonly leftOut: readonly LeftOut[] } {
  const [own, listed] = [
    rules.filter(({ origin }) => origin === undefined),
    rules.filter(({ origin }) => origin),
  ];
  const { kept, counts } = leaveOut(requests, own);
  const leftOut: LeftOut[] = own.map(({ rule }, at) => ({ rule, count: counts[at] ?? 0 }));
  if (listed.length === 0) return { kept, leftOut };
  const rest: ImageRequest[] = [];
  const byFile = Map.groupBy(listed, ({ origin }) => origin?.file ?? '');
  for (const [file, group] of Map.groupBy(kept, ({ origin }) => origin.file)) {
    const rulesOfFile = byFile.get(file) ?? [];
    const left = leaveOut(group, rulesOfFile);
    rest.push(...left.kept);
    for (const [at, { rule, origin }] of rulesOfFile.entries()) {
      const count = left.counts[at] ?? 0;
      if (count > 0 && origin !== undefined) leftOut.push({ rule, place: formatOrigin(origin), count });
    }
  }
  return { kept: rest, leftOut };
}
