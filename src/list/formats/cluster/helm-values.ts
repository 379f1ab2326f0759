import { namesRegistry } from '../../../oci/reference.ts';
import type { Collector } from '../../entry/findings.ts';
import type { ListDocument } from '../../syntax/document.ts';
import { stripBlanks } from '../../syntax/lines.ts';
import { fieldOf, type Mapping, type MappingEntry, type Tree } from '../../syntax/tree.ts';
import { treeAt } from '../fields.ts';
import { type ImageDefaults, joinImage } from '../image-mapping.ts';
import { isVersioned, mayBeImage, shownName } from '../image-text.ts';

/** What the values of a chart are read with. */
export interface ValuesContext {
  /** The version of the chart's application: the tag of an image without one. */
  readonly appVersion?: string | undefined;
}

/** Values for all images of a chart, and the keys above a value. */
interface Scope extends ImageDefaults {
  /** Registry and tag of Istio's images. */
  readonly hub: string | undefined;
  readonly hubTag: string | undefined;
  readonly appVersion: string | undefined;
}

const WHY = 'it is a value of a chart';

/**
 * The values of a Helm chart. All are candidates: the chart's conditions decide which images are used. An image without a
 * tag has the version of the chart's application, which a file of values alone does not say.
 */
export function parseHelmValues({ trees }: ListDocument, collector: Collector): void {
  for (const root of trees?.roots ?? []) addValues(root, {}, collector);
}

/** Adds the images of a chart's values as candidates. */
export function addValues(values: Tree, { appVersion }: ValuesContext, collector: Collector): void {
  const [hub, hubTag] = ['hub', 'tag'].map((key) => textAt(values, `global.${key}`) ?? textAt(values, key));
  const registry = textAt(values, 'global.imageRegistry');
  addTree('', values, { registry, tag: appVersion, appVersion, hub, hubTag }, collector);
}

function addTree(key: string, tree: Tree, scope: Scope, collector: Collector): void {
  if (tree.kind === 'sequence') for (const item of tree.items) addTree(key, item, scope, collector);
  else if (tree.kind === 'mapping') addMapping(key, tree, scope, collector);
  else {
    const text = stripBlanks(tree.text);
    // `imageRegistry: registry.example:5000` looks like a name with a tag.
    if (/image/i.test(key) && !/registr(?:y|ies)$/i.test(key) && mayBeImage(text, key)) {
      collector.addCandidate(tree.line, filled(text, scope), `${WHY}:${shownName(key)}`);
    }
  }
}

function addMapping(key: string, mapping: Mapping, scope: Scope, collector: Collector): void {
  const joined = joinHub(mapping, scope) ?? joinImage(mapping, scope, /image$/i.test(key));
  if (joined !== undefined) collector.addCandidate(joined.line, filled(joined.text, scope), WHY);
  for (const entry of mapping.entries) {
    // These have been joined.
    if (joined !== undefined && entry.key === 'image' && entry.value.kind === 'scalar') continue;
    if (entry.key === 'tags' && key === 'images') addTags(entry, scope, collector);
    else if (isVariable(mapping) && entry.key === 'value')
      addTree(textAt(mapping, 'name') ?? '', entry.value, scope, collector);
    else addTree(entry.key, entry.value, scope, collector);
  }
}

function isVariable(mapping: Mapping): boolean {
  return /^[A-Z][A-Z0-9_]*$/.test(textAt(mapping, 'name') ?? '');
}

/** `images.tags.<name>: reference` of OpenStack-Helm. */
function addTags({ value }: MappingEntry, scope: Scope, collector: Collector): void {
  for (const { value: image } of value.kind === 'mapping' ? value.entries : []) {
    if (image.kind !== 'scalar') continue;
    const text = stripBlanks(image.text);
    if (isVersioned(text)) collector.addCandidate(image.line, filled(text, scope), WHY);
  }
}

/** `image: proxyv2` below `hub` and `tag`, as charts of Istio have it. */
function joinHub(mapping: Mapping, scope: Scope): ReturnType<typeof joinImage> {
  const image = fieldOf(mapping, 'image');
  const hub = textAt(mapping, 'hub') ?? scope.hub;
  if (image?.kind !== 'scalar' || hub === undefined || fieldOf(mapping, 'repository') !== undefined)
    return undefined;
  const name = stripBlanks(image.text);
  if (!/^[a-z\d][\w.-]*$/.test(name) || namesRegistry(name)) return undefined;
  const tag = textAt(mapping, 'tag') ?? scope.hubTag ?? scope.tag;
  const { line } = image;
  return { line, text: `${hub}/${name}:${tag ?? ''}`, isComplete: tag !== undefined };
}

/** With the version of the chart's application in place of the one expression that means it. */
function filled(text: string, { appVersion }: Scope): string {
  if (appVersion === undefined || !text.includes('{{')) return text;
  return text.replaceAll(/\{\{-?\s*\.Chart\.AppVersion\s*-?\}\}/g, appVersion);
}

function textAt(tree: Tree | undefined, path: string): string | undefined {
  const value = treeAt(tree, path);
  const text = value?.kind === 'scalar' ? stripBlanks(value.text) : '';
  return text === '' ? undefined : text;
}
