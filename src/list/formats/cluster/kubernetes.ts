import type { Collector } from '../../entry/findings.ts';
import type { ListDocument } from '../../syntax/document.ts';
import { fieldOf, isNull, type Mapping, type Tree } from '../../syntax/tree.ts';
import { addCandidatesOf } from '../image-text.ts';
import { addSpecOf } from './custom-resource.ts';
import { addNode } from './node.ts';
import { addRuledFields } from './ruled-fields.ts';
import { addImageStream, addServiceVersion } from './openshift.ts';

/** Kinds that name no images: schemas have properties called `image`, and Secrets stay unread. */
const SKIPPED = new Set(['CustomResourceDefinition', 'Secret', 'SealedSecret']);

/**
 * Kubernetes manifests, also as `kubectl get -o yaml`, `kustomize build` and `helm template` print them. Images of
 * containers and of volumes are requests, wherever in a resource; variables, arguments, annotations and the texts of a
 * ConfigMap are candidates where they look like images.
 */
export function parseKubernetes({ trees }: ListDocument, collector: Collector): void {
  for (const root of trees?.roots ?? []) addResource(root, collector);
}

/** Adds the images of a resource, or of each resource in a list of them. */
export function addResource(tree: Tree, collector: Collector): void {
  if (tree.kind !== 'mapping') {
    if (!isNull(tree)) collector.ignore('documents that are not resources');
    return;
  }
  const kind = textAt(tree, 'kind');
  const items = fieldOf(tree, 'items');
  if (kind.endsWith('List') && items?.kind === 'sequence') {
    for (const item of items.items) addItem(item, kind.slice(0, -'List'.length), collector);
  } else addKind(tree, kind, collector);
}

/** The items of a typed list (`PodList`) have no kind of their own. */
function addItem(item: Tree, kind: string, collector: Collector): void {
  if (item.kind === 'mapping' && textAt(item, 'kind') === '') addKind(item, kind, collector);
  else addResource(item, collector);
}

function addKind(resource: Mapping, kind: string, collector: Collector): void {
  if (kind !== 'Secret') addRuledFields(resource, kind, collector);
  if (SKIPPED.has(kind)) collector.ignore(kind);
  else if (kind === 'Node') addNode(resource, collector);
  else if (kind === 'ClusterServiceVersion') addServiceVersion(resource, collector);
  else if (kind === 'ImageStream') addImageStream(resource, collector);
  else if (kind === 'ConfigMap') addConfigMap(resource, collector);
  else addSpecOf(resource, textAt(resource, 'apiVersion'), collector);
}

function addConfigMap(resource: Mapping, collector: Collector): void {
  const data = fieldOf(resource, 'data');
  for (const { value } of data?.kind === 'mapping' ? data.entries : []) {
    if (value.kind === 'scalar') addCandidatesOf(value, 'it is a text in a ConfigMap', collector);
  }
}

function textAt(tree: Tree, key: string): string {
  const value = fieldOf(tree, key);
  return value?.kind === 'scalar' ? value.text : '';
}
