import type { OciSaveError } from '../../../errors.ts';
import { namesRegistry } from '../../../oci/reference.ts';
import type { Collector } from '../../entry/findings.ts';
import { refusal } from '../../problems.ts';
import type { ListDocument } from '../../syntax/document.ts';
import { fieldOf, isNull, listed, type Mapping, type Tree } from '../../syntax/tree.ts';
import {
  addReference,
  ignoreOthers,
  mappingOf,
  readFields,
  readParts,
  readRoots,
  scalarOf,
  textOf,
  withKnownKeys,
} from '../fields.ts';
import { splitName } from './repository.ts';

const KEYS = [
  'mirror',
  'additionalImages',
  'blockedImages',
  'operators',
  'platform',
  'ocp',
  'helm',
  'name',
  'targetRepo',
  'targetTag',
  'catalog',
  'packages',
  'full',
  'release',
  'channels',
];

/** Of `mirror`. */
const PARTS = ['additionalImages', 'operators', 'platform', 'ocp', 'helm', 'blockedImages'];

/**
 * An ImageSetConfiguration of oc-mirror (v1 and v2): its additional images, and as candidates the images of releases and
 * catalogs. Channels, packages and charts stand for images that only oc-mirror finds, and are errors: without them the
 * result would look complete.
 */
export function parseOcMirror(document: ListDocument, collector: Collector): void {
  readRoots(document, collector, (root) => {
    const file = mappingOf(withKnownKeys(root, KEYS), 'a configuration of oc-mirror');
    ignoreOthers(collector, file, ['apiVersion', 'kind', 'mirror', 'metadata']);
    const mirror = fieldOf(file, 'mirror');
    if (mirror === undefined) return;
    const content = mappingOf(mirror, "'mirror'");
    ignoreOthers(collector, content, PARTS);
    readFields(collector, content, ({ key, value }) => {
      const parts = isNull(value) ? [] : listed(value);
      if (key === 'additionalImages') readParts(collector, parts, (image) => addAdditional(image, collector));
      else if (key === 'operators') readParts(collector, parts, (catalog) => addCatalog(catalog, collector));
      else if (key === 'platform' || key === 'ocp') addPlatform(value, collector);
      else if (key === 'helm' && hasItems(value)) throw tooMany('a Helm chart');
      else if (key === 'blockedImages') readParts(collector, parts, (image) => addBlocked(image, collector));
    });
  });
}

function addAdditional(tree: Tree, collector: Collector): void {
  const image = mappingOf(tree, 'an additional image');
  ignoreOthers(collector, image, ['name', 'targetRepo', 'targetTag']);
  const name = textOf(image, 'name') ?? '';
  if (name === '') throw refusal('this entry does not name an image', 'Its key is `name`.');
  addReference(collector, image.line, localOr(name), { storedAs: storedAs(image, name) });
}

/** A regular expression, also where it looks like a name (oc-mirror, excludeImages): its images are left out of this list. */
function addBlocked(tree: Tree, collector: Collector): void {
  const text = tree.kind === 'mapping' ? (textOf(tree, 'name') ?? '') : scalarOf(tree, 'a blocked image');
  if (text === '') throw refusal('this entry does not name an image', 'Its key is `name`.');
  collector.addIgnore(tree.line, { text, isRegex: true });
}

/** A layout in a folder, as our transport names it. */
function localOr(name: string): string {
  return name.replace(/^oci:\/\/(?=\/)/, 'oci:');
}

/** The target has no registry (oc-mirror, local_stored_collector.go): the image keeps that of its source. */
function storedAs(image: Mapping, name: string): string[] {
  const repository = textOf(image, 'targetRepo') ?? '';
  const tag = textOf(image, 'targetTag') ?? '';
  if (repository === '' && tag === '') return [];
  const bare = name.replace(/^docker:\/\//, '').replace(/@.*/s, '');
  const domain = namesRegistry(bare) ? `${bare.slice(0, bare.indexOf('/'))}/` : '';
  const path = repository === '' ? splitName(bare).repository : `${domain}${repository.replace(/^\//, '')}`;
  return [tag === '' ? path : `${path}:${tag}`];
}

function addCatalog(tree: Tree, collector: Collector): void {
  const catalog = textOf(mappingOf(tree, 'a catalog of operators'), 'catalog') ?? '';
  if (catalog !== '') {
    collector.addCandidate(tree.line, localOr(catalog), 'a catalog of operators, without their images');
  }
  if (fieldOf(tree, 'packages') !== undefined) throw tooMany('a package of a catalog');
  if (textOf(tree, 'full') === 'true') throw tooMany('a whole catalog');
}

function addPlatform(platform: Tree, collector: Collector): void {
  const release = fieldOf(platform, 'release');
  if (release?.kind === 'scalar' && release.text !== '') {
    collector.addCandidate(release.line, release.text, 'a release of OpenShift, without its images');
  }
  if (hasItems(fieldOf(platform, 'channels'))) throw tooMany('a release channel');
}

function hasItems(tree: Tree | undefined): boolean {
  if (tree?.kind === 'sequence') return tree.items.length > 0;
  return tree?.kind === 'mapping' && tree.entries.some(({ value }) => hasItems(value));
}

function tooMany(what: string): OciSaveError {
  return refusal(
    `${what} stands for images that this list does not name`,
    'Mirror it with oc-mirror; to save the other images alone, take this part out.',
  );
}
