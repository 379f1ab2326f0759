import { OciSaveError } from '../errors.ts';
import type { NamingRule } from '../options/index.ts';
import {
  DEFAULT_REGISTRY,
  isRepositoryPath,
  isTag,
  nameOf,
  namesRegistry,
  parseReference,
  type Reference,
} from '../oci/reference.ts';

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
  const prefix = prefixRuleOf(reference, rules);
  const moved = prefix === undefined ? [] : [prefix.to + name.slice(prefix.from.length)];
  return [...new Set([...named, ...moved].map(normalName))];
}

function stripLibrary({ domain, path }: Reference): string {
  return domain === DEFAULT_REGISTRY && path.startsWith(LIBRARY) ? path.slice(LIBRARY.length) : path;
}

type PrefixRule = Extract<NamingRule, { kind: 'prefix' }>;

/**
 * The rule FROM=TO that names a reference: of several the one with the longest prefix. A prefix ends at a slash of the
 * name, so that `docker.io/team` does not match `docker.io/teams/x`.
 */
export function prefixRuleOf(reference: Reference, rules: readonly NamingRule[]): PrefixRule | undefined {
  const name = nameOf(reference);
  let best: PrefixRule | undefined;
  for (const rule of rules) {
    if (rule.kind !== 'prefix' || !`${name}/`.startsWith(`${rule.from}/`)) continue;
    if (!best || rule.from.length > best.from.length) best = rule;
  }
  return best;
}

/** The rules FROM=TO by which none of these references is named, as they are written. */
export function idleRules(references: readonly Reference[], rules: readonly NamingRule[]): string[] {
  const written = ({ from, to }: PrefixRule): string => `${from}=${to}`;
  const applied = references.map((reference) => prefixRuleOf(reference, rules));
  const useful = new Set(applied.flatMap((rule) => (rule === undefined ? [] : [written(rule)])));
  const all = rules.flatMap((rule) => (rule.kind === 'prefix' ? [written(rule)] : []));
  return [...new Set(all)].filter((rule) => !useful.has(rule));
}

/** Readers normalise names with a registry: `docker.io/app` is `docker.io/library/app` to them. */
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

/** `repository:tag`, as the lock has it, in parts. The tag follows the last colon; a port never does. */
export function splitName(stored: string): { readonly name: string; readonly tag: string } {
  const colon = stored.lastIndexOf(':');
  const tag = stored.slice(colon + 1);
  return colon < 0 || !isTag(tag) ? { name: stored, tag: 'latest' } : { name: stored.slice(0, colon), tag };
}

/** The limit of clients and registries (distribution-spec, Pulling manifests). */
const MAX_LENGTH = 255;

/** Folders that zot's scan skips, with everything below them (storage/imagestore.go). */
const UNLISTED = ['blobs', '.uploads', '.sync'];

/** File names of a layout: another repository's layout cannot contain a folder of that name. */
const LAYOUT_FILES = new Set(['index.json', 'oci-layout']);

/**
 * The folder of a stored name below the zot root. A port's colon becomes `_` and capitals become lower case, since zot
 * serves neither: `localhost:5000/x` is in `localhost_5000/x`. `[::1]:5000` becomes `ipv6-0--1_5000`.
 */
export function repositoryPath(storedName: string): string {
  const slash = storedName.indexOf('/');
  const [host, rest] = slash < 0 ? ['', storedName] : [storedName.slice(0, slash), storedName.slice(slash)];
  const bracketed = /^\[(.+)\](?::(\d+))?$/.exec(host);
  if (!bracketed) return host.toLowerCase().replace(':', '_') + rest;
  const [, address = '', port] = bracketed;
  const plain = address.toLowerCase().replace(/^:/, '0:').replace(/:$/, ':0').replaceAll(':', '-');
  return `ipv6-${plain}${port === undefined ? '' : `_${port}`}${rest}`;
}

/** The repository of a stored name, its tag included: its folder below the zot root. */
export function storedRepository(stored: string): string {
  return repositoryPath(splitName(stored).name);
}

/** The repositories in which an image is stored: one for each of its names, or fewer. */
export function storedRepositories({ names }: { readonly names: readonly string[] }): Set<string> {
  return new Set(names.map(storedRepository));
}

/** Where zot serves a stored name, `repository:tag`: two spellings of a name may be one place. */
export function placeOf(stored: string): string {
  return `${storedRepository(stored)}:${splitName(stored).tag}`;
}

/**
 * Why zot could not serve or list a repository with this path; undefined where it can. Its grammar
 * (pkg/regexp/regexp.go) is that of distribution-spec: lower case, no port.
 */
export function whyUnservable(repository: string): string | undefined {
  if (repository.length > MAX_LENGTH) return `its name is longer than ${MAX_LENGTH} characters`;
  if (!isRepositoryPath(repository)) return `zot cannot serve a repository named '${repository}'`;
  for (const component of repository.split('/')) {
    const suffix = UNLISTED.find((ending) => component.endsWith(ending));
    if (suffix !== undefined)
      return `zot does not list a repository with a component that ends in '${suffix}'`;
    if (LAYOUT_FILES.has(component))
      return `a component named '${component}' would collide with a file of the layout`;
  }
  return undefined;
}
