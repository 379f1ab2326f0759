import { namesOf } from '../repository-names.ts';
import type { Collector } from '../../entry/findings.ts';
import { fieldOf, type Mapping } from '../../syntax/tree.ts';
import { treeAt } from '../fields.ts';

/** Adds the images that a node holds (`kubectl get nodes -o yaml`): each has names by tag and by digest. */
export function addNode(resource: Mapping, collector: Collector): void {
  const images = treeAt(resource, 'status.images');
  for (const image of images?.kind === 'sequence' ? images.items : []) {
    namesOf([fieldOf(image, 'names')], collector);
  }
}
