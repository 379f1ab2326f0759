import { checkLock, LOCK_HINT, type Lock, type LockedImage, taggedDigest } from '../../../lock/index.ts';
import { parseReference, type Reference } from '../../../oci/reference.ts';
import { quoteText } from '../../../oci/reference-quote.ts';
import { jsonIn } from '../../../text/json-in.ts';
import type { Collector } from '../../entry/findings.ts';
import { refusal } from '../../problems.ts';
import type { ListDocument } from '../../syntax/document.ts';
import { fieldOf, type Tree } from '../../syntax/tree.ts';

/** Our own lock: each of its images as it is locked, at the line of its `ref`. */
export function parseLockList(
  { text, trees }: Pick<ListDocument, 'text' | 'trees'>,
  collector: Collector,
): void {
  const json = jsonIn(text);
  const checked = json === undefined ? { fault: 'is not JSON' } : checkLock(json);
  if ('fault' in checked) return collector.addReject(1, refusal(`it ${checked.fault}`, LOCK_HINT));
  const { images, files } = checked.lock;
  const lines = linesOf(text, trees?.roots[0], images.length);
  for (const [at, image] of images.entries()) addImage(image, lines[at] ?? 1, collector);
  refuseFiles(files, collector);
}

function addImage(image: LockedImage, line: number, collector: Collector): void {
  const { ref, source, digest } = image;
  const { held } = collector;
  if (source !== 'docker' && held !== undefined) {
    // The bundle has what was made of it, under each of its names.
    return collector.addLocked(line, image, { transport: 'oci', path: held.path, name: image.names[0] });
  }
  if (source !== 'docker') {
    const [noun, from] = NOUNS[source];
    const hint = `Name the folder of its bundle in place of the lock. Or take it out of a copy of this lock, and name its source beside that: '${from} => ${ref}'.`;
    const fault = refusal(`it came from ${noun}, and no lock says where that is`, hint);
    return collector.addReject(line, fault, ref);
  }
  const reference = parseReference(ref);
  const pin = reference.digest ?? digest;
  if (pin !== digest && pin !== taggedDigest(image)) {
    return collector.addReject(line, refusal('its reference and its digest differ', LOCK_HINT), ref);
  }
  collector.addLocked(line, image, { transport: 'docker', reference: withoutPin(reference) });
}

/** What an image came from, and how that is named in a list. */
const NOUNS = {
  oci: ['an OCI layout', 'oci:path:name'],
  'oci-archive': ['an OCI archive', 'oci-archive:path:name'],
  dir: ['a folder of skopeo', 'dir:path'],
  'docker-archive': ['a docker archive', 'docker-archive:path:name:tag'],
  'docker-daemon': ['Docker’s daemon', 'docker-daemon:name:tag'],
  'containers-storage': ['containers-storage', 'containers-storage:name:tag'],
} as const satisfies Record<Exclude<LockedImage['source'], 'docker'>, readonly [string, string]>;

/** The digest stands in a field of its own. */
function withoutPin(reference: Reference): Reference {
  return reference.tag === undefined ? reference : { ...reference, digest: undefined };
}

/** More are counted. */
const MAX_FILES = 5;

function refuseFiles(files: Lock['files'], collector: Collector): void {
  if (files.length === 0) return;
  const named = files.slice(0, MAX_FILES).map(({ path }) => quoteText(path));
  const more = files.length > MAX_FILES ? ` and ${files.length - MAX_FILES} more` : '';
  const message = `it has plain files, whose content no registry has: ${named.join(', ')}${more}`;
  collector.addReject(
    1,
    refusal(message, 'Copy the bundle that has them, or save its images by their list.'),
  );
}

const FIRST_KEY = /^ {6}"ref": /gm;

/** The line of each image. That of a lock as we write it is found without a tree, which takes memory. */
function linesOf(text: string, tree: Tree | undefined, count: number): number[] {
  const images = fieldOf(tree, 'images');
  if (images?.kind === 'sequence') return images.items.map((item) => fieldOf(item, 'ref')?.line ?? item.line);
  const lines: number[] = [];
  let [line, from] = [1, 0];
  for (const { index } of text.matchAll(FIRST_KEY)) {
    for (let end = text.indexOf('\n', from); end >= 0 && end < index; end = text.indexOf('\n', end + 1)) {
      line += 1;
      from = end + 1;
    }
    lines.push(line);
  }
  return lines.length === count ? lines : [];
}
