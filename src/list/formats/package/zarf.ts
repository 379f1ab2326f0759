import path from 'node:path/posix';
import type { PlatformChoice } from '../../../oci/platform.ts';
import { showText } from '../../../oci/reference-quote.ts';
import { formatCount } from '../../../text/bytes.ts';
import type { Collector } from '../../entry/findings.ts';
import type { ListDocument } from '../../syntax/document.ts';
import { fieldOf, type Mapping, type Tree } from '../../syntax/tree.ts';
import {
  addReference,
  ignoreOthers,
  itemsOf,
  mappingOf,
  platformsOf,
  readParts,
  readRoots,
  scalarOf,
  textOf,
  treeAt,
} from '../fields.ts';

/** Keys that say nothing about what a component contains. */
const OF_THE_COMPONENT = ['name', 'description', 'required', 'default', 'group', 'only', 'import'];

/** More names say no more. */
const MAX_FLAVORS = 5;

interface Package {
  /** Of the list: paths are relative to it. */
  readonly folder: string;
  readonly platforms: PlatformChoice | undefined;
  readonly collector: Collector;
}

/**
 * A zarf.yaml (docs.zarf.dev, Package schema): the images of its components. An architecture of a component, else that
 * of the package, is their platform. Components for different flavors are all read.
 */
export function parseZarf(document: ListDocument, collector: Collector): void {
  readRoots(document, collector, (root) => {
    const platforms = architectureOf(collector, root, 'metadata');
    const components = itemsOf(root, 'components');
    warnOfFlavors(components, collector);
    warnOfImports(components, collector);
    const folder = path.dirname(document.file);
    readParts(collector, components, (component) =>
      addComponent(mappingOf(component, 'a component'), { folder, platforms, collector }),
    );
  });
}

/** Zarf knows architectures alone: its packages are for Linux. */
function architectureOf(collector: Collector, tree: Tree, at: string): PlatformChoice | undefined {
  return platformsOf(collector, [textOf(treeAt(tree, at), 'architecture') ?? '']);
}

/** Components for different flavors have the same images of different publishers. */
function warnOfFlavors(components: readonly Tree[], collector: Collector): void {
  const flavors = new Map<string, number>();
  for (const component of components) {
    const flavor = textOf(treeAt(component, 'only'), 'flavor') ?? '';
    if (flavor !== '' && !flavors.has(flavor)) flavors.set(flavor, component.line);
  }
  const [first] = flavors.values();
  if (first === undefined || flavors.size < 2) return;
  const names = [...flavors.keys()].slice(0, MAX_FLAVORS).map(showText);
  const more = flavors.size > MAX_FLAVORS ? ' and more' : '';
  collector.addWarning(
    first,
    `its components are for the flavors ${names.join(', ')}${more}: the images of all of them are read`,
  );
}

function warnOfImports(components: readonly Tree[], collector: Collector): void {
  const imports = components.flatMap((component) => fieldOf(component, 'import') ?? []);
  const [first] = imports;
  if (first === undefined) return;
  collector.addWarning(
    first.line,
    `it imports ${formatCount(imports.length, 'component')} of other packages, whose images are not read: give their zarf.yaml as lists, too`,
  );
}

function addComponent(component: Mapping, { folder, platforms, collector }: Package): void {
  const own = architectureOf(collector, component, 'only.cluster') ?? platforms;
  const also = own === undefined ? {} : { platforms: own };
  ignoreOthers(collector, component, [...OF_THE_COMPONENT, 'images', 'imageArchives']);
  readParts(collector, itemsOf(component, 'images'), (image) =>
    addReference(collector, image.line, referenceOf(image), also),
  );
  readParts(collector, itemsOf(component, 'imageArchives'), (archive) => {
    const file = textOf(mappingOf(archive, 'an archive of images'), 'path') ?? '';
    readParts(collector, itemsOf(archive, 'images'), (image) => {
      const source = `docker-archive:${path.join(folder, file)}:${referenceOf(image)}`;
      addReference(collector, image.line, source, also);
    });
  });
}

/** Text, or in `zarf.dev/v1beta1` a mapping with a `name`. */
function referenceOf(image: Tree): string {
  return image.kind === 'mapping' ? (textOf(image, 'name') ?? '') : scalarOf(image, 'an image');
}
