import { withoutEnd } from '../../../text/trim.ts';
import type { Collector } from '../../entry/findings.ts';
import { refusal } from '../../problems.ts';
import type { TagSelection } from '../../request.ts';
import type { ListDocument } from '../../syntax/document.ts';
import { fieldOf, isNull, listed, type MappingEntry, type Tree } from '../../syntax/tree.ts';
import {
  addReference,
  ignoreOthers,
  mappingOf,
  readFields,
  readPart,
  readParts,
  readRoots,
  scalarOf,
  textOf,
} from '../fields.ts';
import { addUser, userOf, warnOfUnverified } from '../users.ts';
import { EVERY_TAG, taggedName } from './repository.ts';

const RULES = ['images-by-tag-regex', 'images-by-semver'] as const;

/** Whether the value of a key is what a file of `skopeo sync` has for a registry. */
export function isRegistryOfSkopeo(value: Tree): boolean {
  return ['images', ...RULES].some((key) => fieldOf(value, key)?.kind === 'mapping');
}

/**
 * A file for `skopeo sync --src yaml` (skopeo-sync(1)): registries, perhaps with a path, and below each its
 * repositories with tags and digests, a regular expression, or a range of versions. No tag means every tag.
 */
export function parseSkopeoSync(document: ListDocument, collector: Collector): void {
  readRoots(document, collector, (root) =>
    readFields(collector, mappingOf(root, 'a file of skopeo sync'), (registry) =>
      addRegistry(registry, collector),
    ),
  );
}

function addRegistry({ key, line, value }: MappingEntry, collector: Collector): void {
  if (isNull(value)) return;
  const registry = mappingOf(value, 'a registry');
  ignoreOthers(collector, registry, ['images', ...RULES, 'credentials', 'tls-verify']);
  const credentials = fieldOf(registry, 'credentials');
  readPart(collector, credentials?.line ?? line, () => {
    const user = userOf(credentials);
    if (user !== undefined) addUser(collector, credentials?.line ?? line, key, user);
  });
  if (textOf(registry, 'tls-verify') === 'false') warnOfUnverified(collector, line, key);
  const prefix = withoutEnd(key, '/');
  eachRepository(collector, fieldOf(registry, 'images'), ({ key: name, line: at, value: tags }) =>
    addTagged(`${prefix}/${name}`, at, tags, collector),
  );
  for (const rule of RULES) {
    eachRepository(collector, fieldOf(registry, rule), ({ key: name, value: texts }) =>
      readParts(collector, listed(texts), (text) =>
        addRule(`${prefix}/${name}`, text, selectionOf(rule, scalarOf(text, 'a rule')), collector),
      ),
    );
  }
}

function eachRepository(
  collector: Collector,
  repositories: Tree | undefined,
  read: (repository: MappingEntry) => void,
): void {
  if (repositories === undefined) return;
  readFields(collector, mappingOf(repositories, 'the list of repositories'), read);
}

function addTagged(repository: string, line: number, tags: Tree, collector: Collector): void {
  const given = isNull(tags) ? [] : listed(tags);
  if (given.length === 0) {
    collector.addTags(line, repository, () => ({ repository, selection: EVERY_TAG, storedAs: [] }));
  }
  readParts(collector, given, (tag) =>
    addReference(collector, tag.line, taggedName(repository, scalarOf(tag, 'a tag'))),
  );
}

function selectionOf(rule: (typeof RULES)[number], text: string): TagSelection {
  if (text === '') throw refusal('its rule is empty');
  return rule === 'images-by-semver' ? { ...EVERY_TAG, versions: [text] } : { ...EVERY_TAG, allow: [text] };
}

function addRule(repository: string, { line }: Tree, selection: TagSelection, collector: Collector): void {
  collector.addTags(line, repository, () => ({ repository, selection, storedAs: [] }));
}
