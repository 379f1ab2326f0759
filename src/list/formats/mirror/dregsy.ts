import { withoutEnd } from '../../../text/trim.ts';
import { showText } from '../../../oci/reference-quote.ts';
import type { PlatformChoice } from '../../../oci/platform.ts';
import type { Collector } from '../../entry/findings.ts';
import { refusal } from '../../problems.ts';
import type { TagSelection } from '../../request.ts';
import type { ListDocument } from '../../syntax/document.ts';
import { parseJsonTrees } from '../../syntax/json-tree.ts';
import { fieldOf, type Mapping } from '../../syntax/tree.ts';
import {
  addReference,
  ignoreOthers,
  itemsOf,
  mappingOf,
  platformsOf,
  readPart,
  readParts,
  readRoots,
  textOf,
  textsOf,
} from '../fields.ts';
import { addUser, type NamedUser, userOf, warnOfUnverified } from '../users.ts';
import { EVERY_TAG, taggedName } from './repository.ts';

/**
 * A file of dregsy (github.com/xelalexv/dregsy): tasks with a source and mappings of its repositories. Targets are
 * places to push to, and not read.
 */
export function parseDregsy(document: ListDocument, collector: Collector): void {
  readRoots(document, collector, (root) => {
    ignoreOthers(collector, mappingOf(root, 'a file of dregsy'), ['relay', 'tasks']);
    readParts(collector, itemsOf(root, 'tasks'), (task) => addTask(mappingOf(task, 'a task'), collector));
  });
}

function addTask(task: Mapping, collector: Collector): void {
  ignoreOthers(collector, task, ['name', 'source', 'mappings'], (key) =>
    key === 'target' ? 'targets' : key,
  );
  const source = fieldOf(task, 'source');
  const registry = textOf(source, 'registry') ?? '';
  if (source === undefined || registry === '') throw refusal('this task does not name its source registry');
  if (textOf(source, 'skip-tls-verify') === 'true') warnOfUnverified(collector, source.line, registry);
  if (textOf(source, 'auth-refresh') !== undefined) collector.ignore('auth-refresh');
  readPart(collector, source.line, () => {
    const user = decodedUser(collector.fill(textOf(source, 'auth') ?? ''));
    if (user !== undefined) addUser(collector, source.line, registry, user);
  });
  readParts(collector, itemsOf(task, 'mappings'), (mapping) =>
    addMapping(mappingOf(mapping, 'a mapping'), withoutEnd(registry, '/'), collector),
  );
}

/** `auth` is base64 of `{"username": …, "password": …}`, or the word `none`. */
function decodedUser(auth: string): NamedUser | undefined {
  if (auth === '' || auth === 'none') return undefined;
  const text = /^[\w+/=\s-]+$/.test(auth) ? Buffer.from(auth, 'base64').toString('utf8') : '';
  const [login] = parseJsonTrees(text)?.roots ?? [];
  if (login?.kind === 'mapping') return userOf(login);
  throw refusal(
    "the 'auth' of this source is not a user in base64",
    'Encode {"username": "…", "password": "…"}.',
  );
}

function addMapping(mapping: Mapping, registry: string, collector: Collector): void {
  ignoreOthers(collector, mapping, ['from', 'tags', 'platform'], (key) => (key === 'to' ? 'targets' : key));
  const { line } = mapping;
  const from = textOf(mapping, 'from') ?? '';
  if (from === '') throw refusal('this mapping does not name an image', 'Its key is `from`.');
  if (from.startsWith('regex:')) {
    throw refusal(
      'a regular expression stands for repositories of a registry, which cannot be listed',
      'Name its repositories, each as a mapping.',
    );
  }
  const repository = `${registry}/${from.replace(/^\/+/, '')}`;
  const platforms = platformsOf(collector, [textOf(mapping, 'platform') ?? '']);
  const tags = textsOf(mapping, ['tags']);
  const rules = tags.filter((tag) => RULE.test(tag));
  readPart(collector, line, () => {
    for (const selection of selectionsOf(rules, tags.length > rules.length)) {
      collector.addTags(line, repository, () => ({ repository, selection, platforms, storedAs: [] }));
    }
  });
  addTagged(mapping, repository, platforms, collector);
}

function addTagged(
  mapping: Mapping,
  repository: string,
  platforms: PlatformChoice | undefined,
  collector: Collector,
): void {
  readParts(collector, itemsOf(mapping, 'tags'), (item) => {
    const tag = item.kind === 'scalar' ? item.text.trim() : '';
    if (!RULE.test(tag)) addReference(collector, item.line, taggedName(repository, tag), { platforms });
  });
}

const RULE = /^(?:semver|regex|keep):/;
const NEWEST = /^keep:\s*latest\s+(\d{1,6})$/;

/**
 * What the rules of a mapping select (README of dregsy, Tag Filtering): a tag that any `semver:` or `regex:` takes and
 * that every `keep:` leaves; without the former any tag, unless tags are named.
 * @throws OciSaveError `list` for a combination that has no equal here
 */
function selectionsOf(rules: readonly string[], namesTags: boolean): TagSelection[] {
  const filters = rules.filter((rule) => !rule.startsWith('keep:')).map(filterOf);
  if (filters.length === 0 && namesTags) return [];
  const kept = rules.filter((rule) => rule.startsWith('keep:'));
  const newest = Number(kept.flatMap((rule) => NEWEST.exec(rule)?.[1] ?? []).at(-1) ?? 0);
  const patterns = kept.filter((rule) => !NEWEST.test(rule)).map((rule) => patternOf(rule));
  const needed = patterns.filter(({ isInverted }) => !isInverted).map(({ regex }) => regex);
  const denied = patterns.filter(({ isInverted }) => isInverted).map(({ regex }) => regex);
  const selections = filters.length === 0 ? [EVERY_TAG] : filters;
  const isMixed = needed.length > 1 || selections.some(({ allow }) => allow.length > 0 && needed.length > 0);
  if (isMixed || (newest > 0 && selections.length > 1)) {
    throw refusal(
      `the 'keep:' rules of this mapping cannot be combined with its other rules`,
      'Write each tag.',
    );
  }
  return selections.map((selection) => ({
    ...selection,
    allow: [...selection.allow, ...needed],
    deny: [...selection.deny, ...denied],
    ...(newest > 0 ? { newest } : {}),
  }));
}

function filterOf(rule: string): TagSelection {
  if (rule.startsWith('semver:')) return { ...EVERY_TAG, versions: [rule.slice('semver:'.length).trim()] };
  const { regex, isInverted } = patternOf(rule);
  return isInverted ? { ...EVERY_TAG, deny: [regex] } : { ...EVERY_TAG, allow: [regex] };
}

/** Dregsy's regular expressions match whole tags; `!` before one inverts it. */
function patternOf(rule: string): { readonly regex: string; readonly isInverted: boolean } {
  const text = rule.slice(rule.indexOf(':') + 1).trim();
  const isInverted = text.startsWith('!');
  const bare = isInverted ? text.slice(1) : text;
  if (bare === '') throw refusal(`${showText(rule)} has no regular expression`);
  const start = bare.startsWith('^') ? '' : '^';
  return { regex: `${start}${bare}${bare.endsWith('$') ? '' : '$'}`, isInverted };
}
