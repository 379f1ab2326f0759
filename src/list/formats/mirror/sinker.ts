import type { Collector } from '../../entry/findings.ts';
import { refusal } from '../../problems.ts';
import type { ListDocument } from '../../syntax/document.ts';
import type { Mapping } from '../../syntax/tree.ts';
import { addReference, ignoreOthers, itemsOf, mappingOf, readParts, readRoots, textOf } from '../fields.ts';

/**
 * A file of sinker (github.com/plexsystems/sinker): a target, which is not read, and sources. A source without a host is
 * on Docker Hub; `auth` has the names of variables of the environment, which lists do not read.
 */
export function parseSinker(document: ListDocument, collector: Collector): void {
  readRoots(document, collector, (root) => {
    ignoreOthers(collector, mappingOf(root, 'a file of sinker'), ['sources']);
    readParts(collector, itemsOf(root, 'sources'), (source) =>
      addSource(mappingOf(source, 'a source'), collector),
    );
  });
}

function addSource(source: Mapping, collector: Collector): void {
  ignoreOthers(collector, source, ['host', 'repository', 'tag', 'digest']);
  const [host, repository, tag, pin] = ['host', 'repository', 'tag', 'digest'].map(
    (key) => textOf(source, key) || '',
  );
  if (!repository) throw refusal('this source does not name an image', 'Its key is `repository`.');
  const name = `${host || 'docker.io'}/${repository}`;
  addReference(collector, source.line, tag ? `${name}:${tag}` : name, pin ? { pin } : {});
}
