import { type PlatformChoice, parsePlatformChoice } from '../../../oci/platform.ts';
import type { Collector } from '../../entry/findings.ts';
import { refusal } from '../../problems.ts';
import { type ListDocument, readDocument } from '../../syntax/document.ts';
import { stripBlanks } from '../../syntax/lines.ts';
import { fieldOf, listed, type Scalar, type Tree } from '../../syntax/tree.ts';
import { ignoreOthers, textsOf } from '../fields.ts';
import { addImage } from '../images.ts';

/** Annotations of a chart with its images (Artifact Hub's, and Bitnami's), each a text that is YAML itself. */
const ANNOTATIONS = ['artifacthub.io/images', 'images'];

/** Keys of a Chart.yaml that say what it is. */
const DESCRIPTION = [
  'apiVersion',
  'name',
  'version',
  'appVersion',
  'annotations',
  'description',
  'type',
  'home',
  'icon',
  'keywords',
  'maintainers',
  'sources',
  'kubeVersion',
  'deprecated',
  'engine',
  'tillerVersion',
];

/** A Chart.yaml: the images that its annotations list. Its templates are not read: `helm template` renders them. */
export function parseHelmChart({ file, trees }: ListDocument, collector: Collector): void {
  for (const root of trees?.roots ?? []) {
    if (root.kind !== 'mapping') continue;
    addAnnotatedImages(file, root, collector);
    ignoreOthers(collector, root, DESCRIPTION);
  }
}

/** Adds the images that the annotations of a Chart.yaml list. */
export function addAnnotatedImages(file: string, chart: Tree, collector: Collector): void {
  const annotations = fieldOf(chart, 'annotations');
  for (const key of ANNOTATIONS) {
    const value = fieldOf(annotations, key);
    if (value?.kind === 'scalar') addImagesOf(file, value, collector);
    else if (value !== undefined)
      collector.addReject(value.line, refusal(`the annotation '${key}' is not text`));
  }
}

function addImagesOf(file: string, annotation: Scalar, collector: Collector): void {
  const { trees, template } = readDocument(file, annotation.text, 'tree');
  const lineOf = (line: number): number => annotation.line + (annotation.block === true ? line : 0);
  if (template !== undefined) {
    const reason = 'this list of images is a template';
    collector.addReject(lineOf(template), refusal(reason, 'Render the chart, and list what that names.'));
    return;
  }
  for (const { line, reason } of trees?.problems ?? []) collector.addReject(lineOf(line), refusal(reason));
  if ((trees?.problems.length ?? 0) > 0) return;
  for (const item of (trees?.roots ?? []).flatMap(listed)) addItem(item, lineOf(item.line), collector);
}

function addItem(item: Tree, line: number, collector: Collector): void {
  const image = item.kind === 'scalar' ? item : fieldOf(item, 'image');
  if (image?.kind !== 'scalar') {
    collector.addReject(line, refusal('this entry does not name an image', 'Its key is `image`.'));
    return;
  }
  addImage(collector, line, stripBlanks(image.text), () => ({ platforms: platformsOf(item) }));
}

function platformsOf(item: Tree): PlatformChoice | undefined {
  const platforms = textsOf(item, ['platforms', 'platform']);
  return platforms.length === 0 ? undefined : parsePlatformChoice(platforms.join(','));
}
