import type { Collector } from '../../entry/findings.ts';
import { refusal } from '../../problems.ts';
import type { ListDocument } from '../../syntax/document.ts';
import { fieldOf, type Mapping, type Tree } from '../../syntax/tree.ts';
import {
  addReference,
  ignoreOthers,
  itemsOf,
  mappingOf,
  readFields,
  readPart,
  readParts,
  readRoots,
  textOf,
  textsOf,
} from '../fields.ts';
import { either, items, root, type Trait } from '../traits.ts';
import { EVERY_TAG, splitName, taggedName } from './repository.ts';

const LISTS = ['images', 'Images', 'Artifacts', 'rules'];
const SOURCES = ['source', 'SourceArtifact', 'SourceImage'];
const TAGS = ['tag', 'tags', 'Tags'];
const TARGETS = [
  'destination',
  'destinations',
  'TargetArtifactName',
  'TargetImageName',
  'TargetRepositories',
];

/** Lists of sources with their tags, as several mirror scripts have them. */
export const isSourceTags: Trait = either(
  items('images', 'source', 'destinations'),
  items('images', 'source', 'multi-arch'),
  ...['images', 'Images', 'Artifacts'].flatMap((key) =>
    ['SourceArtifact', 'SourceImage'].map((source) => items(key, source)),
  ),
  items('rules', 'source', 'destination'),
  root((tree) => {
    const components = fieldOf(tree, 'components');
    return (
      components?.kind === 'mapping' &&
      components.entries.some(({ value }) => fieldOf(value, 'image_base') !== undefined)
    );
  }),
);

/** A request for each tag of each source. Destinations are places to push to, and not read. */
export function parseSourceTags(document: ListDocument, collector: Collector): void {
  readRoots(document, collector, (tree) => {
    const file = mappingOf(tree, 'a list of sources');
    ignoreOthers(collector, file, [...LISTS, 'components']);
    for (const entry of LISTS.flatMap((key) => itemsOf(file, key))) {
      if (collector.stopsAt(entry.line)) return;
      readPart(collector, entry.line, () => addEntry(mappingOf(entry, 'an entry'), collector));
    }
    const components = fieldOf(file, 'components');
    if (components === undefined) return;
    readFields(collector, mappingOf(components, "'components'"), ({ line, value }) =>
      addComponent(line, value, collector),
    );
  });
}

function addComponent(line: number, component: Tree, collector: Collector): void {
  const base = textOf(component, 'image_base') ?? '';
  const version = textOf(component, 'image_version') ?? '';
  // A component may be anything else.
  if (base === '') return;
  addReference(collector, line, version === '' ? base : taggedName(base, version));
}

function addEntry(entry: Mapping, collector: Collector): void {
  const { line } = entry;
  ignoreOthers(collector, entry, [...SOURCES, ...TAGS, 'tag_regex', 'name', 'DoNotMirror', 'build'], (key) =>
    TARGETS.includes(key) ? 'targets' : key,
  );
  if (fieldOf(entry, 'build') !== undefined) {
    collector.ignore('images that are built');
    return;
  }
  const [source = ''] = textsOf(entry, SOURCES);
  if (source === '') throw refusal('this entry does not name an image', "Its key is 'source'.");
  const leftOut = new Set(textsOf(entry, ['DoNotMirror']));
  if (leftOut.has('true')) {
    collector.ignore('images with DoNotMirror');
    return;
  }
  if ([...leftOut].some((tag) => tag !== 'false')) collector.ignore('tags in DoNotMirror');
  const regex = textOf(entry, 'tag_regex') ?? '';
  if (regex !== '') {
    const selection = { ...EVERY_TAG, allow: [regex] };
    collector.addTags(line, source, () => ({ repository: source, selection, storedAs: [] }));
  }
  const tags = TAGS.flatMap((key) => itemsOf(entry, key));
  if (tags.length === 0 && regex === '') addUntagged(source, line, collector);
  readParts(collector, tags, (item) => {
    const tag = item.kind === 'scalar' ? item.text.trim() : '';
    if (!leftOut.has(tag)) addReference(collector, item.line, taggedName(source, tag));
  });
}

/** A source may be a whole reference. Without a tag it may stand for the newest or for every tag: nobody can tell. */
function addUntagged(source: string, line: number, collector: Collector): void {
  if (!source.includes('@') && splitName(source).tag === undefined) {
    throw refusal('this entry names no tag', 'Its key is `tags`.');
  }
  addReference(collector, line, source);
}
