import type { Collector } from '../../entry/findings.ts';
import { stripBlanks } from '../../syntax/lines.ts';
import { fieldOf, listed, type Mapping, type Tree } from '../../syntax/tree.ts';
import { addCandidatesOf, looksLikeImage, mayBeImage, shownName } from '../image-text.ts';
import { addImageOf } from '../images.ts';

/** Lists of containers: of a pod; of a task of Tekton; of a template of Argo Workflows. */
const LISTS = ['containers', 'initContainers', 'ephemeralContainers', 'steps', 'sidecars'];
/** A container alone: of a template of Argo Workflows, and what the steps of a Tekton task share. */
const SINGLE = ['container', 'script', 'stepTemplate'];
const CONTAINER_KEYS = new Set([...LISTS, ...SINGLE]);

/** Whether a key of a mapping has containers as its value. */
export function hasContainers(key: string): boolean {
  return CONTAINER_KEYS.has(key);
}

/**
 * Adds the images of a mapping that has containers, such as the spec of a pod, wherever it is: those of its containers
 * and of its volumes. What containers are given as variables and arguments is probably an image where it looks like one.
 */
export function addContainersOf(spec: Mapping, collector: Collector): void {
  for (const { key, value } of spec.entries) {
    if (CONTAINER_KEYS.has(key)) for (const container of listed(value)) addContainer(container, collector);
  }
}

/** Adds the images of volumes: of an image volume, and of a KubeVirt machine's disk. */
export function addVolumesOf(spec: Mapping, collector: Collector): void {
  const volumes = fieldOf(spec, 'volumes');
  for (const volume of volumes?.kind === 'sequence' ? volumes.items : []) {
    addImageOf(fieldOf(volume, 'image'), 'reference', collector);
    addImageOf(fieldOf(volume, 'containerDisk'), 'image', collector);
  }
}

function addContainer(container: Tree, collector: Collector): void {
  addImageOf(container, 'image', collector);
  for (const variable of itemsIn(fieldOf(container, 'env'))) {
    const name = fieldOf(variable, 'name');
    addVariable(name?.kind === 'scalar' ? name.text : '', fieldOf(variable, 'value'), collector);
  }
  for (const key of ['args', 'command']) {
    for (const argument of itemsIn(fieldOf(container, key))) addArgument(argument, collector);
  }
}

function itemsIn(tree: Tree | undefined): readonly Tree[] {
  return tree?.kind === 'sequence' ? tree.items : [];
}

/** The value of a variable: an image, or lines such as `1.2=quay.io/acme/db:1.2`. */
export function addVariable(name: string, value: Tree | undefined, collector: Collector): void {
  if (value?.kind !== 'scalar') return;
  const text = stripBlanks(value.text);
  const likely = /image/i.test(name) ? ', and so very likely an image' : '';
  const why = `it is the value of the variable${shownName(name)}${likely}`;
  if (mayBeImage(text, name)) collector.addCandidate(value.line, text, why);
  else addCandidatesOf(value, why, collector);
}

/** An argument: an image, an option with one (`--config-reloader=quay.io/acme/reloader:1`), or a script. */
function addArgument(argument: Tree, collector: Collector): void {
  if (argument.kind !== 'scalar') return;
  const text = stripBlanks(argument.text);
  const [option, ...values] = text.split('=');
  const value = values.join('=');
  const why = 'it is an argument of a container';
  if (looksLikeImage(text)) collector.addCandidate(argument.line, text, why);
  else if (values.length > 0 && mayBeImage(value, option ?? '')) {
    collector.addCandidate(argument.line, value, why);
  } else addCandidatesOf(argument, why, collector);
}
