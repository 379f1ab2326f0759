import { OciSaveError } from '../../../errors.ts';
import { parsePlatformChoice } from '../../../oci/platform.ts';
import { nameOf, parseReference, type Reference } from '../../../oci/reference.ts';
import type { EntryParts } from '../../entry/entry.ts';
import type { Collector } from '../../entry/findings.ts';
import { refusal } from '../../problems.ts';
import type { ListDocument } from '../../syntax/document.ts';
import { MAX_LINE } from '../../syntax/lines.ts';
import { fieldOf, type Mapping, type Tree } from '../../syntax/tree.ts';
import { parseYamlTrees } from '../../syntax/yaml-tree.ts';
import { ignoreOthers, itemsOf, textOf, treeAt } from '../fields.ts';

/** The name as it was before kbld or imgpkg put the digest in its place. */
const ID = 'kbld.carvel.dev/id';
/** A text that is YAML: how kbld came from a name to the digest. */
const ORIGINS = 'kbld.carvel.dev/origins';

/** Our own annotations, for what an ImagesLock has no field for. Values are separated by commas. */
export const PLATFORMS_ANNOTATION = 'oci-save/platforms';
export const NAMES_ANNOTATION = 'oci-save/names';
/** The key under which a tag is kept beside the digest. */
export const ID_ANNOTATION = ID;

/**
 * An ImagesLock of imgpkg (carvel.dev/imgpkg/docs, resources): `images[].image`, by digest. The tag is only in kbld's
 * annotations; it counts where they name the same repository. Older files have the images below `spec`.
 */
export function parseImagesLock({ trees }: ListDocument, collector: Collector): void {
  let moved: Tree | undefined;
  for (const tree of trees?.roots ?? []) {
    if (tree.kind !== 'mapping') continue;
    if (fieldOf(tree, 'images') === undefined && treeAt(tree, 'spec.images') === undefined) {
      collector.ignore('documents without images');
      continue;
    }
    ignoreOthers(collector, tree, ['apiVersion', 'kind', 'metadata', 'images', 'spec']);
    const entries = [...itemsOf(tree, 'images'), ...itemsOf(fieldOf(tree, 'spec'), 'images')];
    for (const entry of entries) {
      if (collector.stopsAt(entry.line)) return;
      if (addLocked(entry, collector) === 'moved') moved ??= entry;
    }
    const [first] = entries;
    if (first !== undefined) collector.addWarning(first.line, BUNDLES);
  }
  if (moved !== undefined) collector.addWarning(moved.line, MOVED);
}

const BUNDLES =
  'an entry that is a Carvel bundle is saved alone: list the images of its own ImagesLock, too, if they are wanted';
const MOVED =
  'images were copied to another repository after they were named: from here on the tags of the old names are not used';
const UNPINNED = 'it names no digest, as an ImagesLock should: its tag is looked up';

function addLocked(entry: Tree, collector: Collector): 'moved' | undefined {
  const { line } = entry;
  try {
    if (entry.kind !== 'mapping') throw refusal('this entry of an ImagesLock is not a mapping');
    const image = textOf(entry, 'image');
    if (image === undefined) throw refusal('this entry does not name an image', 'Its key is `image`.');
    ignoreOthers(collector, entry, ['image', 'annotations']);
    const annotations = fieldOf(entry, 'annotations');
    if (annotations?.kind === 'mapping') {
      ignoreOthers(collector, annotations, [ID, ORIGINS, PLATFORMS_ANNOTATION, NAMES_ANNOTATION]);
    }
    const { source, moved } = withTag(image, annotations);
    if (!image.includes('@')) collector.addWarning(line, UNPINNED);
    collector.addEntry(line, image, () => ({ source, ...ownParts(annotations) }));
    return moved ? 'moved' : undefined;
  } catch (error) {
    if (!(error instanceof OciSaveError)) throw error;
    collector.addReject(line, error);
    return undefined;
  }
}

function ownParts(annotations: Tree | undefined): Omit<EntryParts, 'source'> {
  const platforms = textOf(annotations, PLATFORMS_ANNOTATION);
  const names = textOf(annotations, NAMES_ANNOTATION);
  return {
    platforms: platforms === undefined ? undefined : parsePlatformChoice(platforms),
    storedAs: names === undefined ? [] : names.split(',').map((name) => name.trim()),
  };
}

/** The image with the tag of its annotations. `moved`: they name another repository, whose tag says nothing here. */
function withTag(image: string, annotations: Tree | undefined): { source: string; moved: boolean } {
  const [name = '', digest] = image.split('@');
  const own = referenceIn(name);
  if (own === undefined || own.tag !== undefined || digest === undefined)
    return { source: image, moved: false };
  const named = namesIn(annotations);
  const same = named.find((reference) => nameOf(reference) === nameOf(own));
  if (same?.tag === undefined) return { source: image, moved: same === undefined && named.length > 0 };
  return { source: `${name}:${same.tag}@${digest}`, moved: false };
}

/** The references with tags that the annotations name: the id, and the origins where that has no tag. */
function namesIn(annotations: Tree | undefined): Reference[] {
  if (annotations?.kind !== 'mapping') return [];
  const id = referenceIn(textOf(annotations, ID) ?? '');
  return id?.tag === undefined ? originsIn(annotations) : [id];
}

function originsIn(annotations: Mapping): Reference[] {
  const text = textOf(annotations, ORIGINS) ?? '';
  if (text === '' || text.length > MAX_LINE) return [];
  const { roots, problems } = parseYamlTrees(text);
  if (problems.length > 0) return [];
  return roots
    .flatMap((tree) => (tree.kind === 'sequence' ? tree.items : []))
    .flatMap((origin) => {
      const resolved = fieldOf(origin, 'resolved');
      const [url, tag] = [fieldOf(resolved, 'url'), fieldOf(resolved, 'tag')];
      if (url?.kind !== 'scalar') return [];
      const reference = referenceIn(url.text);
      if (reference === undefined) return [];
      const tagged = tag?.kind === 'scalar' ? { ...reference, tag: tag.text } : reference;
      return tagged.tag === undefined ? [] : [tagged];
    });
}

function referenceIn(text: string): Reference | undefined {
  try {
    return parseReference(text);
  } catch (error) {
    if (error instanceof OciSaveError) return undefined;
    throw error;
  }
}
