import type { Collector } from '../../entry/findings.ts';
import type { ListDocument } from '../../syntax/document.ts';
import { type Line, MAX_LINE, stripBlanks } from '../../syntax/lines.ts';
import { fieldOf, listed, type Tree } from '../../syntax/tree.ts';
import { refusal } from '../../problems.ts';
import { addImage } from '../images.ts';
import { namesOf } from '../repository-names.ts';

/** Columns of a table with the name of an image, or of several. */
const NAME_COLUMNS = ['REPOSITORY', 'REF', 'IMAGE', 'IMAGES'];

/** Two words that are one column; its cells are one word. */
const TWO_WORDS = /\b(CONTAINER|IMAGE|POD) ID\b/g;

/** Whether a line is the header of a table of images: of docker, podman, nerdctl, crictl, ctr or kubectl. */
export function isToolHeader(line: Line | undefined): boolean {
  const columns = columnsOf(line?.text ?? '');
  return (
    columns.length > 1 && columns.every((name) => /^[A-Z][A-Z_/-]*$/.test(name)) && nameColumn(columns) >= 0
  );
}

function columnsOf(header: string): readonly string[] {
  const words = stripBlanks(header.slice(0, 1000)).replaceAll(TWO_WORDS, '$1_ID');
  return words.split(/\s+/);
}

function nameColumn(columns: readonly string[]): number {
  return columns.findIndex((name) => NAME_COLUMNS.includes(name));
}

/**
 * What tools print about the images that they hold: tables, one JSON value or one per line. Images without a name are
 * skipped.
 */
export function parseToolOutput({ trees, lines }: ListDocument, collector: Collector): void {
  if (trees === undefined) addTable(lines, collector);
  else for (const root of trees.roots) addPrinted(root, collector);
}

function addTable([header, ...rows]: readonly Line[], collector: Collector): void {
  const columns = columnsOf(header?.text ?? '');
  const at = nameColumn(columns);
  if (header !== undefined && at < 0)
    collector.addReject(header.number, refusal('no column of this table names images'));
  if (at < 0) return;
  const [tagAt, digestAt] = [columns.indexOf('TAG'), columns.indexOf('DIGEST')];
  // ctr prints digests unasked, and those of images that were imported are in no registry.
  const isPinned = tagAt >= 0;
  for (const { number, text } of rows) {
    if (collector.stopsAt(number)) return;
    if (text.length > MAX_LINE) {
      collector.addReject(number, refusal(`this row is longer than ${MAX_LINE} characters`));
      continue;
    }
    const cells = stripBlanks(text).split(/\s+/);
    const digest = isPinned && digestAt >= 0 ? cells[digestAt] : undefined;
    for (const name of (cells[at] ?? '').split(','))
      addNamed(number, name, tagAt < 0 ? undefined : cells[tagAt], digest, collector);
  }
}

/** What tools print for a name, tag or digest that is missing. */
function isNone(text: string | undefined): boolean {
  return text === undefined || text === '' || text === '<none>' || text === '-';
}

function addNamed(
  line: number,
  name: string,
  tag: string | undefined,
  digest: string | undefined,
  collector: Collector,
): void {
  // `<untagged>` is what Docker 29 prints; an ID stands for an image that has lost its name.
  const isNameless = isNone(name) || name.includes('<') || /^(?:sha256:)?[0-9a-f]{12,64}$/.test(name);
  const hasVersion = !isNone(tag) || !isNone(digest);
  if (isNameless || (tag !== undefined && !hasVersion)) collector.ignore('images without a name');
  else {
    const written = isNone(tag) ? name : `${name}:${tag}`;
    addImage(collector, line, written, () => ({ pin: isNone(digest) ? undefined : digest }));
  }
}

/** A value of `docker images --format json`, `podman images --format json`, `crictl images -o json` or `docker inspect`. */
function addPrinted(tree: Tree, collector: Collector): void {
  const images = fieldOf(tree, 'images') ?? tree;
  for (const image of listed(images)) {
    if (image.kind !== 'mapping') continue;
    const name = textAt(image, 'Repository');
    if (name !== undefined) {
      addNamed(image.line, name, textAt(image, 'Tag') ?? '', textAt(image, 'Digest'), collector);
    } else addByNames(image, collector);
  }
}

function addByNames(image: Tree, collector: Collector): void {
  const lists = ['repoTags', 'RepoTags', 'Names', 'repoDigests', 'RepoDigests'].map((key) =>
    fieldOf(image, key),
  );
  if (lists.every((list) => list === undefined || listed(list).length === 0)) {
    collector.ignore('images without a name');
  } else namesOf(lists, collector);
}

function textAt(tree: Tree, key: string): string | undefined {
  const value = fieldOf(tree, key);
  return value?.kind === 'scalar' ? stripBlanks(value.text) : undefined;
}
