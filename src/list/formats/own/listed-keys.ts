import { showText } from '../../../oci/reference-quote.ts';
import { namesRegistry } from '../../../oci/reference.ts';
import type { Collector } from '../../entry/findings.ts';
import { refusal } from '../../problems.ts';
import { fieldOf, type Mapping, type Tree } from '../../syntax/tree.ts';
import { itemsOf, textOf, textsOf } from '../fields.ts';

/** What `oci-save list --json` writes beside `images`. */
export const LISTED_KEYS = ['candidates', 'rejects', 'leftOut', 'warnings', 'lists'];

/** What it writes of an image beside what a request needs: where it was found, and what a lock knows of it. */
export const LISTED_ENTRY_KEYS = ['origin', 'origins', 'transport', 'referrers'];

/** Candidates stay candidates, and what could not be read stays an error: neither becomes an image or is lost. */
export function addListed(tree: Tree, collector: Collector): void {
  for (const item of itemsOf(tree, 'candidates')) {
    const text = fieldOf(item, 'text');
    if (text?.kind === 'scalar')
      collector.addCandidate(item.line, text.text, 'a candidate of an earlier list');
  }
  for (const item of itemsOf(tree, 'rejects')) {
    const error = fieldOf(item, 'error');
    if (error?.kind !== 'scalar' || error.text !== 'true') continue;
    if (collector.stopsAt(item.line)) return;
    const advice = 'Correct the list that this one was made from.';
    collector.addReject(item.line, refusal('this entry of an earlier list could not be read', advice));
  }
}

/**
 * Refuses an image that `oci-save list` shows and that no list can ask for.
 * @throws OciSaveError `list` for a source that only a lock names, and for a stored name without a registry
 */
export function refuseUnlistable(entry: Mapping): void {
  const transport = textOf(entry, 'transport') ?? 'docker';
  if (transport !== 'docker') {
    throw refusal(
      `it was read from a ${showText(transport)} source, and a lock does not say from which file`,
      `Write its source: docker-archive:path or oci:path.`,
    );
  }
  const bare = textsOf(entry, ['names']).find((name) => !namesRegistry(name));
  if (bare !== undefined) {
    throw refusal(
      `the stored name ${showText(bare)} has no registry, which a list cannot give`,
      'Save from the lock itself, or write the name with its registry as `as`.',
    );
  }
}
