import type { PlatformChoice } from '../../../oci/platform.ts';
import { showText } from '../../../oci/reference-quote.ts';
import type { Collector } from '../../entry/findings.ts';
import { refusal } from '../../problems.ts';
import type { TagSelection } from '../../request.ts';
import type { ListDocument } from '../../syntax/document.ts';
import { fieldOf, type Mapping, type Tree } from '../../syntax/tree.ts';
import {
  addReference,
  ignoreOthers,
  itemsOf,
  mappingOf,
  platformsOf,
  readParts,
  readRoots,
  textOf,
  textsOf,
} from '../fields.ts';
import { type ListedUser, userAdder, userOf } from '../users.ts';
import { EVERY_TAG } from './repository.ts';

const USED = ['source', 'type', 'tags', 'tagSets', 'platform', 'platforms'];

/**
 * A file of regsync (regclient.org/usage/regsync): an entry of `sync` is one image, or the tags of a repository.
 * Targets are places to push to, and not read. `{{env "NAME"}}` is a variable.
 */
export function parseRegsync(document: ListDocument, collector: Collector): void {
  readRoots(document, collector, (root) => {
    const file = mappingOf(root, 'a file of regsync');
    ignoreOthers(collector, file, ['version', 'creds', 'sync']);
    readParts(collector, itemsOf(file, 'sync'), (entry) => addSync(mappingOf(entry, 'an entry'), collector));
    const addUser = userAdder(collector);
    readParts(collector, itemsOf(file, 'creds'), (creds) =>
      addUser(readCreds(mappingOf(creds, 'a user'), collector)),
    );
  });
}

function readCreds(creds: Mapping, collector: Collector): ListedUser {
  const { line } = creds;
  const registry = textOf(creds, 'registry') ?? '';
  ignoreOthers(collector, creds, ['registry', 'user', 'pass', 'tls']);
  const isUnverified = /^(?:disabled|insecure)$/.test(textOf(creds, 'tls') ?? '');
  const fields = creds.entries.map((field) =>
    field.value.kind === 'scalar'
      ? { ...field, value: { ...field.value, text: filled(field.value.text) } }
      : field,
  );
  const isTemplate = fields.some(({ value }) => value.kind === 'scalar' && value.text.includes('{{'));
  const user = isTemplate ? undefined : userOf({ ...creds, entries: fields }, ['user', 'pass']);
  return { registry, line, isUnverified, isTemplate, user };
}

/** Regsync's form of a variable, in ours. */
function filled(text: string): string {
  return text.replaceAll(/\{\{-?[ \t]{0,9}env[ \t]{1,9}["`](\w{1,200})["`][ \t]{0,9}-?\}\}/g, '$${$1}');
}

function addSync(entry: Mapping, collector: Collector): void {
  const { line } = entry;
  const source = filled(textOf(entry, 'source') ?? '');
  if (source === '') throw refusal('this entry does not name an image', "Its key is 'source'.");
  noteOthers(entry, collector);
  const platforms = platformsOf(collector, [...textsOf(entry, ['platform', 'platforms'])].map(filled));
  const type = textOf(entry, 'type');
  if (type === 'image') addReference(collector, line, localOr(source), { platforms });
  else if (type === 'repository') addRepository(entry, source, platforms, collector);
  else if (type === 'registry') {
    throw refusal(
      `${showText(source)} stands for every repository of a registry, which cannot be listed`,
      'Name its repositories, each as an entry of the type repository.',
    );
  } else {
    throw refusal(`the type of the entry for ${showText(source)} is neither image, repository nor registry`);
  }
}

function noteOthers(entry: Mapping, collector: Collector): void {
  ignoreOthers(collector, entry, USED, (key) => (key === 'target' ? 'targets' : key));
}

/** A layout in a folder, as our transport names it. */
function localOr(source: string): string {
  return source.replace(/^ocidir:\/\//, 'oci:');
}

/** A set of rules selects tags, and so does each set in `tagSets`: the entry stands for all of them. */
function addRepository(
  entry: Mapping,
  repository: string,
  platforms: PlatformChoice | undefined,
  collector: Collector,
): void {
  const sets = itemsOf(entry, 'tagSets');
  const tags = fieldOf(entry, 'tags');
  const rules: (Tree | undefined)[] = sets.length === 0 ? [tags] : [...(tags ? [tags] : []), ...sets];
  for (const rule of rules) {
    collector.addTags(entry.line, repository, () => ({
      repository,
      selection: selectionOf(rule),
      platforms,
      storedAs: [],
    }));
  }
}

/** Regular expressions must match the whole tag, and one range of versions must contain it (regsync's filterTagList). */
function selectionOf(rule: Tree | undefined): TagSelection {
  if (rule === undefined) return EVERY_TAG;
  mappingOf(rule, 'the choice of tags');
  const anchored = (key: string): string[] => textsOf(rule, [key]).map((regex) => `^${regex}$`);
  const ranges = textsOf(rule, ['semverRange']).filter((range) => range !== '');
  return {
    allow: anchored('allow'),
    deny: anchored('deny'),
    versions: ranges.length === 0 ? [] : [ranges.join(' || ')],
  };
}
