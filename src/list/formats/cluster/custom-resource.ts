import { namesRegistry } from '../../../oci/reference.ts';
import type { Collector } from '../../entry/findings.ts';
import { stripBlanks } from '../../syntax/lines.ts';
import {
  fieldOf,
  isNull,
  type Mapping,
  type MappingEntry,
  type Scalar,
  type Tree,
} from '../../syntax/tree.ts';
import { joinImage } from '../image-mapping.ts';
import { addCandidatesOf, isVersioned, looksLikeImage, mayBeImage, shownName } from '../image-text.ts';
import { addImage } from '../images.ts';
import { addValues } from './helm-values.ts';
import { addContainersOf, addVariable, addVolumesOf, hasContainers } from './workload.ts';

/** Where in a resource a value is. */
interface Place {
  /** Whether it is in a resource of a group that Kubernetes itself does not define. */
  readonly isCustom: boolean;
  /** Keys above it, without the positions in lists. */
  readonly path: readonly string[];
}

/** Values of a chart: of an Application of Argo CD, and of a HelmRelease of Flux. */
const VALUES = new Set(['values', 'valuesObject', 'helmValues']);

/**
 * Adds the images of a resource: of containers, wherever they are. A resource of an operator may name images by other
 * keys: `spec.image` and `spec.<part>.image` are requests where they have a tag or a digest; a name without one is a
 * candidate, since operators keep its tag in another field. So is any other text that looks like an image.
 */
export function addSpecOf(resource: Mapping, apiVersion: string, collector: Collector): void {
  const isCustom = isCustomGroup(apiVersion);
  for (const { key, value } of resource.entries) {
    if (key === 'status' && !isNull(value)) collector.ignore('status');
    else if (key === 'metadata') addAnnotationsOf(fieldOf(value, 'annotations'), collector);
    else if (key !== 'apiVersion' && key !== 'kind') addTree(key, value, { isCustom, path: [] }, collector);
  }
  // Of a resource whose containers are at its top, such as a step of Tekton.
  addContainersOf(resource, collector);
}

function isCustomGroup(apiVersion: string): boolean {
  const [group = ''] = apiVersion.split('/');
  return group.includes('.') && !/(?<![x-])\.?k8s\.io$/.test(group);
}

function addTree(key: string, tree: Tree, place: Place, collector: Collector): void {
  if (tree.kind === 'scalar') addText(key, tree, place, collector);
  else if (tree.kind === 'sequence') for (const item of tree.items) addTree(key, item, place, collector);
  else addMapping(key, tree, place, collector);
}

function addMapping(key: string, mapping: Mapping, place: Place, collector: Collector): void {
  addContainersOf(mapping, collector);
  addVolumesOf(mapping, collector);
  if (place.isCustom && key === 'image' && addJoined(mapping, place, collector)) return;
  const inner = { ...place, path: [...place.path, key] };
  for (const entry of mapping.entries) addEntryOf(mapping, entry, inner, collector);
}

function addEntryOf(
  mapping: Mapping,
  { key, value }: MappingEntry,
  place: Place,
  collector: Collector,
): void {
  if (key === 'image' && isVolume(place)) return;
  if (hasContainers(key)) addInsideOf(value, { ...place, path: [...place.path, key] }, collector);
  else if (key === 'annotations') addAnnotationsOf(value, collector);
  else if (key === 'value' && isVariable(mapping)) addVariable(nameOf(mapping), value, collector);
  else if (place.isCustom && VALUES.has(key) && value.kind === 'mapping') addValues(value, {}, collector);
  else addTree(key, value, place, collector);
}

/** Keys of a container that have been read. */
const CONTAINER_KEYS = new Set(['image', 'env', 'args', 'command']);

/** The other keys of containers: steps of Argo Workflows may have templates inside. */
function addInsideOf(tree: Tree, place: Place, collector: Collector): void {
  if (tree.kind === 'sequence') for (const item of tree.items) addInsideOf(item, place, collector);
  else if (tree.kind === 'mapping') {
    for (const entry of tree.entries) {
      if (!CONTAINER_KEYS.has(entry.key)) addEntryOf(tree, entry, place, collector);
    }
  }
}

/** Volumes have been read. */
function isVolume({ path }: Place): boolean {
  return ['volumes', 'containerDisk'].includes(path.at(-1) ?? '');
}

function nameOf(mapping: Mapping): string {
  const name = fieldOf(mapping, 'name');
  return name?.kind === 'scalar' ? name.text : '';
}

/** `{name: X, value: y}`, as in the `env` of an operator's resource. */
function isVariable(mapping: Mapping): boolean {
  return /^[A-Z][A-Z0-9_]*$/.test(nameOf(mapping));
}

function addText(key: string, scalar: Scalar, { isCustom, path }: Place, collector: Collector): void {
  if (!isCustom) return;
  const { line } = scalar;
  const text = stripBlanks(scalar.text);
  const why = `it is the value of the key${shownName(key)}`;
  const isDefinite = key === 'image' && path[0] === 'spec' && path.length <= 2;
  const named = text.replace(/^docker:\/\//, '');
  if (isDefinite && isVersioned(text)) addImage(collector, line, text);
  else if (key === 'image' && isNameWithoutTag(text)) {
    collector.addCandidate(line, `${text}:`, `${why}, and its tag may be in another field`);
  } else if (mayBeImage(text, key) && (/image/i.test(key) || namesRegistry(named))) {
    collector.addCandidate(line, text, why);
  } else if (named !== text && looksLikeImage(named)) collector.addCandidate(line, named, why);
  else if (text.includes('\n')) addCandidatesOf(scalar, why, collector);
}

/** `quay.io/acme/db`: the tag of such a one is not `latest`, but another field of the resource. */
function isNameWithoutTag(text: string): boolean {
  return namesRegistry(text) && !isVersioned(text) && isVersioned(`${text}:latest`);
}

/** `image: {repository: …, tag: …}` of a custom resource. */
function addJoined(mapping: Mapping, { path }: Place, collector: Collector): boolean {
  const joined = joinImage(mapping);
  if (joined === undefined) return false;
  const isDefinite = path[0] === 'spec' && path.length <= 2;
  if (isDefinite && joined.isComplete) addImage(collector, joined.line, joined.text);
  else collector.addCandidate(joined.line, joined.text, 'it is put together from the fields of an image');
  return true;
}

function addAnnotationsOf(annotations: Tree | undefined, collector: Collector): void {
  for (const { key, value } of annotations?.kind === 'mapping' ? annotations.entries : []) {
    if (value.kind !== 'scalar' || !/image/i.test(key)) continue;
    const text = stripBlanks(value.text);
    if (looksLikeImage(text))
      collector.addCandidate(value.line, text, `it is the annotation${shownName(key)}`);
  }
}
