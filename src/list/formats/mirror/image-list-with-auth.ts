import { showText } from '../../../oci/reference-quote.ts';
import { nameOf } from '../../../oci/reference.ts';
import type { Collector } from '../../entry/findings.ts';
import { refusal } from '../../problems.ts';
import type { ListDocument } from '../../syntax/document.ts';
import { listed, type Tree } from '../../syntax/tree.ts';
import { ignoreOthers, itemsOf, mappingOf, readParts, readRoots, scalarOf, textOf } from '../fields.ts';
import { addUser, type NamedUser, scopeOf, userOf } from '../users.ts';

/**
 * Sealer's imageListWithAuth.yaml: sections of images, each with the user who reads them. Several users of one registry
 * are its purpose, so a user is for the repositories of his section alone. An image is written as in a plain list.
 */
export function parseImageListWithAuth(document: ListDocument, collector: Collector): void {
  readRoots(document, collector, (root) =>
    readParts(collector, listed(root), (section) => addSection(section, collector)),
  );
}

function addSection(tree: Tree, collector: Collector): void {
  const section = mappingOf(tree, 'a section');
  const images = itemsOf(section, 'images');
  ignoreOthers(collector, section, ['registry', 'username', 'password', 'images']);
  if (images.length === 0) {
    // As sealer does, whatever else is in it.
    collector.addWarning(section.line, 'this section names no images: it is skipped');
    return;
  }
  const user = userOf(section);
  if (user === undefined) {
    throw refusal(
      'this section has no username and no password',
      'Images that need no user belong in another list.',
    );
  }
  const written = textOf(section, 'registry');
  const registry = written === undefined || written === '' ? undefined : scopeOf(written);
  addImages(images, { user, registry }, collector);
}

interface Section {
  readonly user: NamedUser;
  /** Of names without one. */
  readonly registry: string | undefined;
}

function addImages(images: readonly Tree[], { user, registry }: Section, collector: Collector): void {
  const { requests, tagRequests } = collector.found;
  const known = new Set<string>();
  const others = new Set<string>();
  readParts(collector, images, (image) => {
    const { line } = image;
    const [before, rules] = [requests.length, tagRequests.length];
    collector.addLine(line, scalarOf(image, 'an image'), { registry });
    const source = requests.length > before ? requests.at(-1)?.source : undefined;
    const rule = tagRequests.length > rules ? tagRequests.at(-1) : undefined;
    const reference = source?.transport === 'docker' ? source.reference : rule?.repository;
    if (reference === undefined) return;
    const { domain } = reference;
    const repository = nameOf(reference);
    if (!known.has(repository)) addUser(collector, line, repository, user);
    known.add(repository);
    if (registry === undefined || domain === registry || others.has(domain)) return;
    others.add(domain);
    collector.addWarning(
      line,
      `the user of ${showText(registry)} in this section is also used for ${showText(domain)}, which the image names`,
    );
  });
}
