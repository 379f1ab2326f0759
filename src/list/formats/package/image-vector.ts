import type { Collector } from '../../entry/findings.ts';
import { refusal } from '../../problems.ts';
import type { ListDocument } from '../../syntax/document.ts';
import type { Mapping } from '../../syntax/tree.ts';
import { formatPlatform } from '../../../oci/platform.ts';
import {
  addReference,
  ignoreOthers,
  itemsOf,
  mappingOf,
  platformsOf,
  readParts,
  readRoots,
  textOf,
  textsOf,
} from '../fields.ts';
import { taggedName } from '../mirror/repository.ts';

const USED = ['name', 'sourceRepository', 'repository', 'tag', 'ref', 'architectures'];

/**
 * An image vector of Gardener (github.com/gardener/gardener, imagevector): an image by repository and tag, which may
 * be a digest, or by `ref`. Without a tag the version of the cluster is used, which is not known here.
 */
export function parseImageVector(document: ListDocument, collector: Collector): void {
  readRoots(document, collector, (root) =>
    readParts(collector, itemsOf(root, 'images'), (image) =>
      addImage(mappingOf(image, 'an image'), collector),
    ),
  );
}

function addImage(image: Mapping, collector: Collector): void {
  ignoreOthers(collector, image, USED);
  const { line } = image;
  const platforms = platformsOf(collector, textsOf(image, ['architectures']));
  const [reference, repository, tag] = ['ref', 'repository', 'tag'].map((key) => textOf(image, key) || '');
  if (reference) addReference(collector, line, reference, { platforms });
  else if (!repository) throw refusal('this entry does not name an image', 'Its key is `repository`.');
  else if (tag) addReference(collector, line, taggedName(repository, tag), { platforms });
  else {
    const choice = platforms === undefined || platforms === 'all' ? [] : platforms.map(formatPlatform);
    const words = choice.length === 0 ? [repository] : [`--platform=${choice.join()}`, repository];
    collector.addCandidate(line, words.join(' '), 'its tag is the version of a cluster');
  }
}
