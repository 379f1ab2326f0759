import type { Collector } from '../../entry/findings.ts';
import type { ListDocument } from '../../syntax/document.ts';
import { fieldOf } from '../../syntax/tree.ts';
import {
  addReference,
  ignoreOthers,
  itemsOf,
  mappingOf,
  platformsOf,
  readFields,
  readParts,
  readRoots,
  scalarOf,
  textOf,
  textsOf,
  treeAt,
  withKnownKeys,
} from '../fields.ts';
import { userAdder, userOf } from '../users.ts';

const KEYS = [
  'spec',
  'arches',
  'images',
  'registry',
  'auths',
  'username',
  'password',
  'skipTLSVerify',
  'plainHTTP',
];

/**
 * A manifest of kubekey (`kk artifact export`): its images, for its architectures, and the users of registries. Its
 * components and systems are files.
 */
export function parseKubekey(document: ListDocument, collector: Collector): void {
  readRoots(document, collector, (root) => {
    const tree = fieldOf(withKnownKeys(root, KEYS), 'spec');
    if (tree === undefined) return;
    const spec = mappingOf(tree, "'spec'");
    ignoreOthers(collector, spec, ['arches', 'images', 'registry']);
    const platforms = platformsOf(collector, textsOf(spec, ['arches']));
    readParts(collector, itemsOf(spec, 'images'), (image) =>
      addReference(collector, image.line, scalarOf(image, 'an image'), { platforms }),
    );
    const auths = treeAt(spec, 'registry.auths');
    if (auths === undefined) return;
    const addUser = userAdder(collector);
    readFields(collector, mappingOf(auths, 'the list of users'), ({ key, line, value }) => {
      const auth = mappingOf(value, 'a user');
      ignoreOthers(collector, auth, ['username', 'password', 'skipTLSVerify', 'plainHTTP']);
      const isUnverified = ['skipTLSVerify', 'plainHTTP'].some((flag) => textOf(auth, flag) === 'true');
      addUser({ registry: key, line, isUnverified, user: userOf(auth) });
    });
  });
}
