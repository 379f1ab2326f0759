import type { Collector } from '../../entry/findings.ts';
import { stripBlanks } from '../../syntax/lines.ts';
import { fieldOf, type Mapping, type Tree } from '../../syntax/tree.ts';
import { treeAt } from '../fields.ts';
import { addCandidatesOf, looksLikeImage, shownName } from '../image-text.ts';
import { addImageOf } from '../images.ts';
import { addSpecOf } from './custom-resource.ts';

/**
 * Adds the images of a ClusterServiceVersion of OLM: its related images, and those of its deployments. Annotations, their
 * examples of resources, and variables are candidates. Descriptors (`path: dex.image`) and icons are skipped.
 */
export function addServiceVersion(resource: Mapping, collector: Collector): void {
  for (const image of itemsOf(treeAt(resource, 'spec.relatedImages'))) addImageOf(image, 'image', collector);
  const install = treeAt(resource, 'spec.install');
  if (install?.kind === 'mapping') addSpecOf(install, '', collector);
  const annotations = treeAt(resource, 'metadata.annotations');
  for (const { key, value } of annotations?.kind === 'mapping' ? annotations.entries : []) {
    if (value.kind !== 'scalar') continue;
    const text = stripBlanks(value.text);
    if (looksLikeImage(text))
      collector.addCandidate(value.line, text, `it is the annotation${shownName(key)}`);
    else if (key === 'alm-examples') addCandidatesOf(value, 'it is an example of a resource', collector);
  }
}

/** Adds the images that the tags of an ImageStream come from, as in the `image-references` of a release. */
export function addImageStream(resource: Mapping, collector: Collector): void {
  for (const tag of itemsOf(treeAt(resource, 'spec.tags'))) {
    const from = fieldOf(tag, 'from');
    const kind = fieldOf(from, 'kind');
    if (kind?.kind === 'scalar' && kind.text === 'DockerImage') addImageOf(from, 'name', collector);
    else if (from !== undefined) collector.ignore('tags of other ImageStreams');
  }
}

function itemsOf(tree: Tree | undefined): readonly Tree[] {
  return tree?.kind === 'sequence' ? tree.items : [];
}
