import type { z } from 'zod';
import { OciSaveError } from '../errors.ts';
import { nearest } from '../text/nearest.ts';
import { parsePlatformChoice, type PlatformChoice } from '../oci/platform.ts';
import { showText } from '../oci/reference-quote.ts';
import { parseInsecureRegistries } from './insecure-registries.ts';
import { type Login, parseLogins } from './logins.ts';
import { type MirrorRule, parseMirrors } from './mirrors.ts';
import { type NamingRule, parseNamingRule } from './naming.ts';
import { parsePushTargets, type PushTarget } from './push-target.ts';
import { inputsSchema, optionsSchema } from './schema.ts';
import { parseWantedSkopeo, type WantedSkopeo } from './skopeo.ts';
import { parseSourceOrder, type SourceOrder } from './source-order.ts';
import { parseVars, type Variable } from './vars.ts';
import { hint, kebab, option } from '../text/hint.ts';

type Parsed = z.infer<typeof optionsSchema>;

/** Options of a save, read and checked. */
export interface SaveOptions extends Omit<
  Parsed,
  'vars' | 'platforms' | 'naming' | 'credentials' | 'mirrors' | 'layout' | 'push' | 'skopeo' | 'source'
> {
  readonly vars: readonly Variable[];
  /** Undefined: the machine's own. */
  readonly platforms: PlatformChoice | undefined;
  /** None: names stay as they are. */
  readonly naming: readonly NamingRule[];
  readonly credentials: readonly Login[];
  readonly mirrors: readonly MirrorRule[];
  readonly layout: readonly ('oci' | 'zot')[];
  readonly push: readonly PushTarget[];
  readonly skopeo: WantedSkopeo;
  readonly source: SourceOrder;
}

/** The action's inputs: the options of a save, and those that only concern the workflow. */
export interface ActionInputs {
  readonly options: SaveOptions;
  /** Whether a job summary is written. */
  readonly summary: boolean;
  readonly cache: 'auto' | 'actions' | 'off';
  readonly cacheMode: 'read-write' | 'read' | 'write';
  /** Empty: the job's own. */
  readonly token: string;
}

/**
 * Reads options by camelCase name. Throws `usage` with every fault: unknown names, with the similar one that was
 * probably meant, and values that are not allowed.
 */
export function parseOptions(given: Readonly<Record<string, unknown>>): SaveOptions {
  return complete(readFlags(optionsSchema, given, 'save'));
}

/**
 * The same where the text of `credentials` comes from a file.
 * @param source that file, as messages name it
 */
export function parseOptionsWithLogins(
  given: Readonly<Record<string, unknown>>,
  source: string,
): SaveOptions {
  return complete(readFlags(optionsSchema, given, 'save'), source);
}

/** The same for the inputs of the action, which are texts; empty ones get their default. */
export function parseInputs(given: Readonly<Record<string, string>>): ActionInputs {
  const hint = 'action.yml lists every input. A variable INPUT_… of the workflow’s own counts as one.';
  const { summary, cache, cacheMode, token, ...options } = read(inputsSchema, given, 'input', hint);
  if (options.offline && cache === 'actions') throw fetchesOffline('cache', 'the Actions cache is asked');
  return { options: complete(options), summary, cache, cacheMode, token };
}

/** Options of a save that `oci-save release` also has. */
const releaseSchema = optionsSchema.pick({
  archiveName: true,
  splitSize: true,
  releasePolicy: true,
  retries: true,
  dryRun: true,
});

/** Reads the options of `oci-save release` by camelCase name. Throws `usage` with every fault. */
export function parseReleaseOptions(given: Readonly<Record<string, unknown>>): z.infer<typeof releaseSchema> {
  return readFlags(releaseSchema, given, 'release');
}

/** Options of the commands about the store. */
const storeSchema = optionsSchema.pick({ cacheDir: true, cacheMaxSize: true });

/** Reads the options of `oci-save cache <command>` by camelCase name. Throws `usage` with every fault. */
export function parseStoreOptions(
  given: Readonly<Record<string, unknown>>,
  command: string,
): z.infer<typeof storeSchema> {
  return readFlags(storeSchema, given, `cache ${command}`);
}

function readFlags<Shape extends z.core.$ZodLooseShape>(
  schema: z.ZodObject<Shape, z.core.$strict>,
  given: Readonly<Record<string, unknown>>,
  command: string,
): z.infer<z.ZodObject<Shape, z.core.$strict>> {
  return read(schema, given, 'option', `oci-save ${command} --help lists every option.`);
}

function read<Shape extends z.core.$ZodLooseShape>(
  schema: z.ZodObject<Shape, z.core.$strict>,
  given: Readonly<Record<string, unknown>>,
  noun: 'option' | 'input',
  advice: string,
): z.infer<z.ZodObject<Shape, z.core.$strict>> {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const names = Object.keys(schema.shape).map(kebab);
  const message = parsed.error.issues.flatMap((issue) => describeIssue(issue, noun, names)).join('\n');
  throw new OciSaveError({ code: 'usage', message, hint: advice });
}

/** Checks what one option's schema cannot see, and parses the values that have a grammar. */
function complete(
  {
    vars,
    platforms,
    naming,
    credentials,
    insecureRegistries,
    mirrors,
    layout,
    push,
    skopeo,
    source: sourceOrder,
    ...options
  }: Parsed,
  source?: string,
): SaveOptions {
  const { output, archive, release, dryRun, offline } = options;
  const wantedSkopeo = parseWantedSkopeo(skopeo);
  if (offline && (push.length > 0 || release !== ''))
    throw needsNetwork(push.length > 0 ? 'push' : 'release');
  if (offline && wantedSkopeo.kind === 'download') throw fetchesOffline('skopeo', 'an address is fetched');
  if (output === 'none' && archive === 'none' && push.length === 0 && release === '' && !dryRun) {
    throw new OciSaveError({
      code: 'usage',
      message: 'output and archive are both none: nothing would be written',
      hint: hint`Name a folder with ${option('output')}, or ask for ${option('archive', 'tar')}, ${option('push')} or ${option('release')}.`,
    });
  }
  return {
    ...options,
    vars: parseVars(vars),
    platforms: platforms === '' ? undefined : parsePlatformChoice(platforms),
    naming: naming.map(parseNamingRule),
    credentials: parseLogins(credentials, source),
    insecureRegistries: parseInsecureRegistries(insecureRegistries),
    mirrors: parseMirrors(mirrors),
    layout: parseLayout(layout),
    push: parsePushTargets(push),
    skopeo: wantedSkopeo,
    source: parseSourceOrder(sourceOrder),
  };
}

function needsNetwork(name: 'push' | 'release'): OciSaveError {
  return new OciSaveError({
    code: 'usage',
    message: `${name} and offline contradict each other: nothing is sent to a network`,
    hint: hint`Leave out ${option('offline')}, or ${option(name)}: oci-save ${name} sends a bundle later.`,
  });
}

function fetchesOffline(name: 'skopeo' | 'cache', what: string): OciSaveError {
  return new OciSaveError({
    code: 'usage',
    message: `${name} and offline contradict each other: ${what} over a network`,
    hint: hint`Leave out ${option('offline')}, or ${option(name)}.`,
  });
}

function describeIssue(issue: z.core.$ZodIssue, noun: string, names: readonly string[]): string[] {
  if (issue.code !== 'unrecognized_keys') return [`${kebab(issue.path.join('.'))}: ${issue.message}`];
  return issue.keys.map((key) => {
    const meant = nearest(kebab(key), names);
    return `there is no ${noun} '${kebab(key)}'${meant === undefined ? '' : `; did you mean '${meant}'?`}`;
  });
}

function parseLayout(words: readonly string[]): ('oci' | 'zot')[] {
  const views = new Set(words.length === 0 ? ['oci', 'zot'] : words);
  const known = (['oci', 'zot'] as const).filter((view) => views.has(view));
  if (known.length === views.size) return known;
  const wrong = [...views].filter((word) => word !== 'oci' && word !== 'zot');
  throw new OciSaveError({
    code: 'usage',
    message: `layout: ${showText(wrong.join(','))} is not a view`,
    hint: 'Name oci, zot or both.',
  });
}

export type { Login } from './logins.ts';
export { type MirrorRule, parseMirrors } from './mirrors.ts';
export { type NamingRule, parseNamingRule } from './naming.ts';
export { parsePushTargets, type PushTarget } from './push-target.ts';
export { asInput, describeInputs, describeOptions, type OptionName, optionsSchema } from './schema.ts';
export { bareAddress, formatWantedSkopeo, parseWantedSkopeo, type WantedSkopeo } from './skopeo.ts';
export { localPlaces, type SourceOrder, type SourcePlace } from './source-order.ts';
export { valuesOf, type Variable } from './vars.ts';
