import type { Collector } from '../../entry/findings.ts';
import { refusal } from '../../problems.ts';
import type { ListDocument } from '../../syntax/document.ts';
import { isNull, listed, type Mapping, type Tree } from '../../syntax/tree.ts';
import { addReference, mappingOf, platformsOf, readParts, readRoots } from '../fields.ts';
import { root as anyRoot } from '../traits.ts';

/**
 * The Images.lock of a chart (github.com/vmware-labs/distribution-tooling-for-helm): images by tag, each with its
 * platforms. The digests are those of the images for one platform, and not of the index that the tag names: they are noted.
 */
export function parseChartLock(document: ListDocument, collector: Collector): void {
  readRoots(document, collector, (root) =>
    readParts(collector, itemsIn(root, 'images'), (image) =>
      addImage(mappingOf(image, 'an image'), collector),
    ),
  );
}

/** In JSON its keys may have capitals, as those of the Go type. */
export const isChartLock = anyRoot(
  (tree) => textIn(tree, 'kind') === 'ImagesLock' && textIn(tree, 'apiVersion') === 'v0',
);

function addImage(image: Mapping, collector: Collector): void {
  const reference = textIn(image, 'image') ?? '';
  if (reference === '') throw refusal('this entry does not name an image', 'Its key is `image`.');
  const digests = itemsIn(image, 'digests');
  if (digests.length > 0) collector.ignore('digests');
  const platforms = digests.map((digest) => textIn(digest, 'arch') ?? '');
  addReference(collector, image.line, reference, { platforms: platformsOf(collector, platforms) });
}

function fieldIn(tree: Tree, key: string): Tree | undefined {
  if (tree.kind !== 'mapping') return undefined;
  return tree.entries.find((entry) => entry.key.toLowerCase() === key.toLowerCase())?.value;
}

function itemsIn(tree: Tree, key: string): readonly Tree[] {
  const value = fieldIn(tree, key);
  return value === undefined || isNull(value) ? [] : listed(value);
}

function textIn(tree: Tree, key: string): string | undefined {
  const value = fieldIn(tree, key);
  return value?.kind === 'scalar' ? value.text.trim() : undefined;
}
