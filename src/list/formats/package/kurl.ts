import type { Collector } from '../../entry/findings.ts';
import { refusal } from '../../problems.ts';
import type { ListDocument } from '../../syntax/document.ts';
import { addReference } from '../fields.ts';
import { everyLine } from '../traits.ts';

/** What begins a line, and how many words follow: packages are for `yum`, `yum8`, `yumol`, `apt24` … */
const LINE = /^(?:(?:image|asset|dockerout)\s+\S+\s+\S|(?:yum|apt)\w*\s+\S)/;

/** A file of such lines alone. */
export const isKurl = everyLine(LINE);

/**
 * A Manifest of a kURL add-on (github.com/replicatedhq/kURL): lines `image NAME REF`, perhaps with a flag at the end, and
 * lines of other kinds, which name files and packages.
 */
export function parseKurl({ lines }: ListDocument, collector: Collector): void {
  for (const { number, text } of lines) {
    if (collector.stopsAt(number)) return;
    const line = text.slice(0, 10_000).trim();
    const [kind = '', , reference = ''] = line.split(/\s+/);
    if (!LINE.test(line)) {
      collector.addReject(number, refusal('this line is not of a kURL manifest', 'Write image NAME REF.'));
    } else if (kind === 'image') addReference(collector, number, reference);
    else collector.ignore(`lines of kind ${kind.slice(0, 20)}`);
  }
}
