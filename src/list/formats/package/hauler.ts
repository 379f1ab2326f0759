import { namesRegistry } from '../../../oci/reference.ts';
import { hint, option } from '../../../text/hint.ts';
import type { Collector } from '../../entry/findings.ts';
import { refusal } from '../../problems.ts';
import type { ListDocument } from '../../syntax/document.ts';
import { isNull, type Mapping, type Tree } from '../../syntax/tree.ts';
import {
  addReference,
  ignoreOthers,
  itemsOf,
  mappingOf,
  platformsOf,
  readParts,
  textOf,
  treeAt,
  withKnownKeys,
} from '../fields.ts';
import { scopeOf, warnOfUnverified } from '../users.ts';

/** What a document says of all of its images: its annotations `hauler.dev/…`. */
interface Defaults {
  readonly platform: string;
  readonly rewrite: string;
  /** Of names without one. */
  readonly registry: string | undefined;
}

const ANNOTATION = 'hauler.dev/';
const USED = ['name', 'platform', 'rewrite', 'registry', 'local', 'insecure-skip-tls-verify'];

/**
 * A manifest of hauler (docs.hauler.dev, `kind: Images`). What its annotations say of all images, an image may say
 * otherwise. Documents of other kinds name charts and files, which are noted.
 */
export function parseHauler({ trees }: ListDocument, collector: Collector): void {
  const documents = (trees?.roots ?? [])
    .filter((root) => !isNull(root))
    .map((root) => withKnownKeys(root, ['kind', 'metadata', 'annotations', 'spec', 'images', ...USED]));
  const kinds = Map.groupBy(documents, (root) => textOf(root, 'kind') ?? '');
  for (const [kind, { length }] of kinds) {
    if (kind !== 'Images' && /^[A-Za-z]{1,40}$/.test(kind))
      collector.ignore(`documents of kind ${kind} (${length})`);
  }
  readParts(collector, documents, (root) => {
    const kind = textOf(root, 'kind');
    if (kind === 'ImageTxts') {
      throw refusal(
        'this document names lists of images at other places, which are not read',
        hint`Give these lists with ${option('imageList')}, and take the document out of this one.`,
      );
    }
    if (kind === 'Images') addImages(root, collector);
  });
}

function addImages(root: Tree, collector: Collector): void {
  const annotations = treeAt(root, 'metadata.annotations');
  const line = annotations?.line ?? root.line;
  const annotation = (name: string): string => textOf(annotations, ANNOTATION + name) ?? '';
  const images = itemsOf(treeAt(root, 'spec'), 'images');
  const [registry, rewrite] = [annotation('registry'), annotation('rewrite')];
  if (annotation('insecure-skip-tls-verify') === 'true') warnOfUnverified(collector, line);
  const isUnclear = rewrite !== '' && images.length > 1;
  if (isUnclear) {
    collector.addWarning(
      line,
      `the new name of this document is not used: its ${images.length} images would have the same one`,
    );
  }
  const defaults = {
    platform: annotation('platform'),
    rewrite: isUnclear ? '' : rewrite,
    registry: registry === '' ? undefined : scopeOf(registry),
  };
  readParts(collector, images, (image) => addImage(mappingOf(image, 'an image'), defaults, collector));
}

function addImage(image: Mapping, defaults: Defaults, collector: Collector): void {
  ignoreOthers(collector, image, USED);
  const { line } = image;
  const name = textOf(image, 'name') ?? '';
  if (name === '') throw refusal('this entry does not name an image', 'Its key is `name`.');
  if (textOf(image, 'insecure-skip-tls-verify') === 'true') warnOfUnverified(collector, line, name);
  const own = textOf(image, 'registry') ?? '';
  const registry = own === '' ? defaults.registry : scopeOf(own);
  const isLocal = textOf(image, 'local') === 'true';
  const rewrite = textOf(image, 'rewrite') || defaults.rewrite;
  addReference(collector, line, isLocal ? `docker-daemon:${name}` : name, {
    registry,
    platforms: platformsOf(collector, [textOf(image, 'platform') || defaults.platform]),
    storedAs: rewrite === '' ? [] : [rewritten(rewrite, name, registry)],
  });
}

/** A new name without a registry keeps that of the image (hauler, cmd/hauler/cli/store/add.go, rewriteReference). */
function rewritten(rewrite: string, name: string, registry: string | undefined): string {
  const bare = rewrite.replace(/^\//, '');
  if (namesRegistry(bare)) return bare;
  const domain = namesRegistry(name) ? name.slice(0, name.indexOf('/')) : registry;
  return domain === undefined ? bare : `${domain}/${bare}`;
}
