import { namesRegistry } from '../../../oci/reference.ts';
import type { Collector } from '../../entry/findings.ts';
import { refusal } from '../../problems.ts';
import type { ListDocument } from '../../syntax/document.ts';
import { type Line, MAX_LINE, stripBlanks } from '../../syntax/lines.ts';
import { addReference } from '../fields.ts';

interface Pair {
  readonly source: string;
  readonly target: string;
  readonly isBlank: boolean;
}

/** `source=target` or `source target`; a reference has no `=`, so the first one splits. */
function pairOf({ text }: Line): Pair | undefined {
  if (text.length > MAX_LINE) return undefined;
  const line = stripBlanks(text);
  const at = line.search(/[=\s]/);
  if (at <= 0) return undefined;
  const isBlank = line[at] !== '=';
  const [source, target] = [line.slice(0, at), stripBlanks(line.slice(at + 1))];
  return target === '' || /[\s=>]/.test(target) ? undefined : { source, target, isBlank };
}

const isFile = (target: string): boolean => target.startsWith('file://');

/**
 * The mapping.txt of `oc adm catalog mirror` and oc-mirror, and what `oc adm release mirror` prints: a pair a line, from
 * digests, or to files. Blanks separate only what can be nothing but a pair: two references with their registries. One
 * line of two references may be a list of two.
 */
export function isMappingFile({ lines }: ListDocument): boolean {
  const pairs = lines.map(pairOf);
  const isPair = (pair: Pair | undefined): boolean =>
    pair !== undefined &&
    namesRegistry(pair.source) &&
    (isFile(pair.target) || namesRegistry(pair.target)) &&
    (pair.isBlank || isFile(pair.target) || pair.source.includes('@'));
  return pairs.every(isPair) && (pairs.length > 1 || pairs[0]?.source.includes('@') === true);
}

/** The target is the name under which an image is stored, unless it is a file. */
export function parseMappingFile({ lines }: ListDocument, collector: Collector): void {
  for (const line of lines) {
    const { number } = line;
    if (collector.stopsAt(number)) return;
    const pair = pairOf(line);
    if (pair === undefined) {
      collector.addReject(number, refusal('this line is not a pair', 'Write source=target.'));
      continue;
    }
    const { source, target } = pair;
    if (isFile(target)) collector.ignore('targets that are files');
    addReference(collector, number, source, { storedAs: isFile(target) ? [] : [target] });
  }
}
