import type { PlatformChoice } from '../../oci/platform.ts';
import type { Collector } from '../entry/findings.ts';
import { refuseTemplate } from '../entry/entry-line.ts';
import { isLocalSource } from '../entry/source.ts';
import { refusal } from '../problems.ts';
import { stripBlanks } from '../syntax/lines.ts';
import { fieldOf, type Tree } from '../syntax/tree.ts';

/** What a field of another format's says about its image. */
export interface ImageField {
  readonly pin?: string | undefined;
  readonly platforms?: PlatformChoice | undefined;
}

const KO = 'Give what ko resolve prints, or the manifest of a release.';

/**
 * Adds the image that a field of a file names. Unlike a line of a list it has neither options nor a stored name, and
 * cannot name a file on this machine: such files are written for registries.
 */
export function addImage(
  collector: Collector,
  line: number,
  text: string,
  read: () => ImageField = () => ({}),
): void {
  const source = stripBlanks(text);
  collector.addEntry(line, source, () => {
    if (isLocalSource(collector.fill(source))) throw refusal('an image of this format comes from a registry');
    if (source.startsWith('ko://')) throw refusal('this is a Go package, which ko builds', KO);
    // Blanks in a template are not what is wrong with it.
    if (source.includes('{{')) refuseTemplate(source);
    return { source, storedAs: [], ...read() };
  });
}

/** Adds the image under a key of a mapping; nothing where it is missing, null or empty. */
export function addImageOf(tree: Tree | undefined, key: string, collector: Collector): void {
  const value = fieldOf(tree, key);
  if (value === undefined) return;
  if (value.kind !== 'scalar') collector.addReject(value.line, refusal(`'${key}' is not text`));
  else if (stripBlanks(value.text) === '') collector.ignore(`empty ${key}`);
  else addImage(collector, value.line, value.text);
}
