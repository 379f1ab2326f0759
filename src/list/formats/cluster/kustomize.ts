import type { Collector } from '../../entry/findings.ts';
import { refusal } from '../../problems.ts';
import type { ListDocument } from '../../syntax/document.ts';
import { stripBlanks } from '../../syntax/lines.ts';
import { fieldOf, type Tree } from '../../syntax/tree.ts';
import { ignoreOthers, itemsOf } from '../fields.ts';
import { addImage } from '../images.ts';

/** Both name the same: `imageTags` is what it was called first. */
const KEYS = ['images', 'imageTags'];

const INCOMPLETE = 'it changes only the images that its resources name; kustomize build prints all of them';

/**
 * A kustomization: the images that it sets, each by its new name, tag and digest. Those of its resources which it does not
 * change are not in it.
 */
export function parseKustomize({ trees }: ListDocument, collector: Collector): void {
  for (const root of trees?.roots ?? []) {
    if (root.kind !== 'mapping') continue;
    const images = KEYS.flatMap((key) => itemsOf(root, key));
    const [first] = images;
    if (first !== undefined) collector.addWarning(first.line, INCOMPLETE);
    for (const image of images) addChanged(image, collector);
    ignoreOthers(collector, root, [...KEYS, 'apiVersion', 'kind', 'metadata']);
  }
}

function addChanged(image: Tree, collector: Collector): void {
  const { line } = image;
  const name = textAt(image, 'newName') ?? textAt(image, 'name');
  const [tag, digest] = [textAt(image, 'newTag'), textAt(image, 'digest')];
  if (name === undefined) collector.addReject(line, refusal('this entry does not name an image'));
  else if (tag === undefined && digest === undefined) {
    const reason = 'this entry sets neither a tag nor a digest: they are in its resources';
    collector.addReject(line, refusal(reason, 'Give what kustomize build prints.'), name);
  } else {
    const written = tag === undefined ? name : `${name}:${tag}`;
    addImage(collector, line, written, () => ({ pin: digest }));
  }
}

function textAt(tree: Tree, key: string): string | undefined {
  const value = fieldOf(tree, key);
  const text = value?.kind === 'scalar' ? stripBlanks(value.text) : '';
  return text === '' ? undefined : text;
}
