import type { ListDocument } from '../../syntax/document.ts';
import type { Collector } from '../../entry/findings.ts';
import { contentLines, stripBlanks } from '../../syntax/lines.ts';
import { addListed, LISTED_KEYS } from './listed-keys.ts';
import { addOwnEntry } from './own-entry.ts';
import type { Reject } from '../../request.ts';
import { refusal } from '../../problems.ts';
import { fieldOf, isNull, keysOf, listed, type Mapping, type Tree } from '../../syntax/tree.ts';
import { addUnknownKeys, IMAGE_KEYS, isMisspelt } from './own-keys.ts';

/** A sequence of entries, a mapping with such a sequence as `images`, or entries as documents of their own. */
export function isOwnList({ trees }: ListDocument): boolean {
  return trees?.roots.some(isOwnRoot) ?? false;
}

function isOwnRoot(tree: Tree): boolean {
  if (tree.kind === 'sequence') return hasEntries(tree.items);
  if (tree.kind !== 'mapping') return false;
  const images = fieldOf(tree, 'images');
  if (images?.kind === 'sequence') return hasEntries(images.items);
  return keysOf(tree).includes('images')
    ? images?.kind !== 'mapping'
    : isEntry(tree) || hasMisspeltImages(tree);
}

/** `imges:` and a list of entries: our own list with a mistake, not an unknown format. */
function hasMisspeltImages({ entries }: Mapping): boolean {
  return entries.some(
    ({ key, value }) =>
      isMisspelt(key, 'images') &&
      value.kind === 'sequence' &&
      value.items.length > 0 &&
      hasEntries(value.items),
  );
}

/** Whether some items, not all, are entries: a misspelt key in one of them must be reported with its line. */
function hasEntries(items: readonly Tree[]): boolean {
  return items.length === 0 || items.some((item) => item.kind === 'scalar' || isEntry(item));
}

function isEntry(tree: Tree): boolean {
  if (tree.kind !== 'mapping') return false;
  if (IMAGE_KEYS.some((key) => fieldOf(tree, key)?.kind === 'scalar')) return true;
  // `imge: quay.io/a/b:1` is an entry with a mistake.
  const misspelt = tree.entries.some(({ key, value }) => isMisspelt(key, 'image') && value.kind === 'scalar');
  return misspelt || emptyTag(tree) !== undefined;
}

/** `- registry/app:` is YAML for a mapping, and means a reference whose tag is missing. */
function emptyTag(tree: Tree): string | undefined {
  if (tree.kind !== 'mapping' || tree.entries.length !== 1) return undefined;
  const [entry] = tree.entries;
  return entry !== undefined && isNull(entry.value) && !IMAGE_KEYS.includes(entry.key)
    ? `${entry.key}:`
    : undefined;
}

/** Our own list in YAML or JSON: entries are texts, as lines of a plain list, or mappings. */
export function parseOwnList({ trees }: ListDocument, collector: Collector): void {
  const { rejects } = collector.found;
  for (const tree of trees?.roots ?? []) {
    for (const item of entriesOf(tree, collector)) {
      if (collector.stopsAt(item.line)) return;
      addItem(item, collector);
    }
  }
  // Each fault of a line is reported once: a merge key copies the keys of one mapping into many entries.
  const placeOf = ({ origin, text, reason }: Reject): string => `${origin.line} ${text} ${reason}`;
  rejects.splice(0, rejects.length, ...new Map(rejects.map((reject) => [placeOf(reject), reject])).values());
}

/**
 * The entries of one document. Keys other than `images` and those of `oci-save list --json` are errors, unless they start
 * with `x-`, as in Compose.
 */
function entriesOf(tree: Tree, collector: Collector): readonly Tree[] {
  if (tree.kind === 'mapping' && (keysOf(tree).includes('images') || hasMisspeltImages(tree))) {
    const checked = tree.entries.filter(({ key }) => !key.startsWith('x-') && !LISTED_KEYS.includes(key));
    addUnknownKeys(collector, checked, ['images']);
    addListed(tree, collector);
    const images = fieldOf(tree, 'images');
    return images === undefined ? [] : listed(images);
  }
  return isNull(tree) ? [] : listed(tree);
}

function addItem(item: Tree, collector: Collector): void {
  const { line } = item;
  const untagged = emptyTag(item);
  if (untagged !== undefined) collector.addLine(line, untagged);
  else if (item.kind === 'mapping') addOwnEntry(item, collector);
  else if (item.kind === 'sequence') collector.addReject(line, refusal('an entry cannot be a list'));
  else if (item.plain || !item.text.includes('\n')) collector.addLine(line, stripBlanks(item.text));
  else {
    // The first line of a block is below its `|`.
    for (const { number, text } of contentLines(item.text))
      collector.addLine(line + number, stripBlanks(text));
  }
}
