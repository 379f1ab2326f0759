import type { z } from 'zod';
import { OciSaveError } from './errors.ts';
import { type NamingRule, parseNamingRule } from './lock/index.ts';
import { nearest } from './nearest.ts';
import { parsePlatformChoice, type PlatformChoice } from './oci/platform.ts';
import { kebab, optionsSchema } from './options-schema.ts';

type Parsed = z.infer<typeof optionsSchema>;

/** Options of a save, read and checked. */
export interface SaveOptions extends Omit<Parsed, 'platforms' | 'naming' | 'layout'> {
  /** Undefined: the machine's own. */
  readonly platforms: PlatformChoice | undefined;
  readonly naming: readonly NamingRule[];
  readonly layout: readonly ('oci' | 'zot')[];
}

/**
 * Reads options by camelCase name. Throws `usage` with every fault: an unknown name, with the right one where it
 * is near, and values that are none of the allowed.
 */
export function parseOptions(given: Readonly<Record<string, unknown>>): SaveOptions {
  const parsed = optionsSchema.safeParse(given);
  if (!parsed.success) {
    throw new OciSaveError({
      code: 'usage',
      message: parsed.error.issues.flatMap(describeIssue).join('\n'),
      hint: 'oci-save save --help lists every option.',
    });
  }
  const { platforms, naming, layout, ...options } = parsed.data;
  if (options.output === 'none' && options.archive === 'none' && !options.dryRun) {
    throw new OciSaveError({
      code: 'usage',
      message: 'output and archive are both none: nothing would be made',
      hint: 'Name a folder with --output, or ask for --archive tar.',
    });
  }
  return {
    ...options,
    platforms: platforms === '' ? undefined : parsePlatformChoice(platforms),
    naming: naming.length === 0 ? [{ kind: 'keep-domain' }] : naming.map(parseNamingRule),
    layout: parseLayout(layout),
  };
}

function describeIssue(issue: z.core.$ZodIssue): string[] {
  if (issue.code !== 'unrecognized_keys') return [`${kebab(issue.path.join('.'))}: ${issue.message}`];
  return issue.keys.map((key) => {
    const meant = nearest(kebab(key), Object.keys(optionsSchema.shape).map(kebab));
    return `there is no option '${kebab(key)}'${meant === undefined ? '' : `; did you mean '${meant}'?`}`;
  });
}

function parseLayout(words: readonly string[]): ('oci' | 'zot')[] {
  const views = new Set(words.length === 0 ? ['oci', 'zot'] : words);
  const known = (['oci', 'zot'] as const).filter((view) => views.has(view));
  if (known.length === views.size) return known;
  const wrong = [...views].filter((word) => word !== 'oci' && word !== 'zot');
  throw new OciSaveError({
    code: 'usage',
    message: `layout: '${wrong.join(', ')}' is no view`,
    hint: 'Name oci, zot or both.',
  });
}

export { describeOptions, kebab } from './options-schema.ts';
