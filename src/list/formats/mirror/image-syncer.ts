import type { Collector } from '../../entry/findings.ts';
import { refusal } from '../../problems.ts';
import type { TagSelection } from '../../request.ts';
import type { ListDocument } from '../../syntax/document.ts';
import { MAX_LINE } from '../../syntax/lines.ts';
import { fieldOf, isNull, listed, type Tree } from '../../syntax/tree.ts';
import {
  addReference,
  ignoreOthers,
  mappingOf,
  readFields,
  readPart,
  readRoots,
  scalarOf,
  textOf,
} from '../fields.ts';
import { userAdder, userOf } from '../users.ts';
import { EVERY_TAG, splitName, taggedName } from './repository.ts';

/**
 * A file of image-syncer: a mapping of sources to targets, at the top or as `images`, and its users as `auth`. A source
 * without a tag means every tag; a tag may be several with commas, or a regular expression between slashes. Its targets
 * are places to push to, and not read.
 */
export function parseImageSyncer(document: ListDocument, collector: Collector): void {
  readRoots(document, collector, (root) => {
    const images = fieldOf(root, 'images');
    if (images === undefined) {
      addSources(root, collector);
      return;
    }
    ignoreOthers(collector, mappingOf(root, 'a file of image-syncer'), ['images', 'auth']);
    addSources(images, collector);
    const users = fieldOf(root, 'auth');
    if (users === undefined) return;
    const addUser = userAdder(collector);
    readFields(collector, mappingOf(users, 'the list of users'), ({ key, line, value }) => {
      if (isNull(value)) return;
      const auth = mappingOf(value, 'a user');
      ignoreOthers(collector, auth, ['username', 'password', 'insecure']);
      const isUnverified = textOf(auth, 'insecure') === 'true';
      addUser({ registry: key, line, isUnverified, user: userOf(auth) });
    });
  });
}

function addSources(images: Tree, collector: Collector): void {
  readFields(collector, mappingOf(images, 'the list of images'), ({ key, line, value }) => {
    const targets = isNull(value) ? [] : listed(value);
    for (const target of targets) if (scalarOf(target, 'a target') !== '') collector.ignore('targets');
    addSource(key.trim(), line, collector);
  });
}

function addSource(written: string, line: number, collector: Collector): void {
  // Before it is split: a variable may have several tags.
  const source = collector.fill(written);
  if (source.length > MAX_LINE) throw refusal(`this entry is longer than ${MAX_LINE} characters`);
  const regex = /^[^/]+:\/\//.test(source) ? -1 : source.indexOf(':/');
  if (regex > 0 && source.length > regex + 3 && source.endsWith('/')) {
    const selection = { ...EVERY_TAG, allow: [source.slice(regex + 2, -1)] };
    addRule(source.slice(0, regex), line, selection, collector);
    return;
  }
  const { repository, tag } = source.includes('@')
    ? { repository: source, tag: undefined }
    : splitName(source);
  if (repository === '') throw refusal('this entry does not name an image');
  if (tag === undefined && source.includes('@')) addReference(collector, line, source);
  else if (tag === undefined) addRule(repository, line, EVERY_TAG, collector);
  else {
    for (const one of tag.split(',')) {
      if (collector.stopsAt(line)) return;
      readPart(collector, line, () => addReference(collector, line, taggedName(repository, one.trim())));
    }
  }
}

function addRule(repository: string, line: number, selection: TagSelection, collector: Collector): void {
  collector.addTags(line, repository, () => ({ repository, selection, storedAs: [] }));
}
