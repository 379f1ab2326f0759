import type { Collector } from '../../entry/findings.ts';
import type { ListDocument } from '../../syntax/document.ts';
import { fieldOf, type MappingEntry } from '../../syntax/tree.ts';
import {
  addReference,
  ignoreOthers,
  itemsOf,
  mappingOf,
  platformsOf,
  readFields,
  readParts,
  scalarOf,
  textOf,
  textsOf,
  treeAt,
} from '../fields.ts';
import { addListedUser, userOf } from '../users.ts';

/**
 * A manifest of kubekey (`kk artifact export`): its images, for its architectures, and the users of registries. Its
 * components and systems are files.
 */
export function parseKubekey({ trees }: ListDocument, collector: Collector): void {
  readParts(collector, trees?.roots ?? [], (root) => {
    const tree = fieldOf(root, 'spec');
    if (tree === undefined) return;
    const spec = mappingOf(tree, "'spec'");
    ignoreOthers(collector, spec, ['arches', 'images', 'registry']);
    const platforms = platformsOf(textsOf(spec, ['arches']));
    readParts(collector, itemsOf(spec, 'images'), (image) =>
      addReference(collector, image.line, scalarOf(image, 'an image'), { platforms }),
    );
    const auths = treeAt(spec, 'registry.auths');
    if (auths !== undefined) {
      readFields(collector, mappingOf(auths, 'the list of users'), (auth) => addAuth(auth, collector));
    }
  });
}

function addAuth({ key, line, value }: MappingEntry, collector: Collector): void {
  const auth = mappingOf(value, 'a user');
  const isUnverified = ['skipTLSVerify', 'plainHTTP'].some((flag) => textOf(auth, flag) === 'true');
  ignoreOthers(collector, auth, ['username', 'password', 'skipTLSVerify', 'plainHTTP']);
  addListedUser(collector, { registry: key, line, isUnverified, user: userOf(auth) });
}
