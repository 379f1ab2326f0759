import type { Collector } from '../../entry/findings.ts';
import { refusal } from '../../problems.ts';
import type { ListDocument } from '../../syntax/document.ts';
import { addReference } from '../fields.ts';

/** A Manifest of a kURL add-on: lines `image NAME REF`, and lines of other kinds, which name files. */
export function parseKurl({ lines }: ListDocument, collector: Collector): void {
  for (const { number, text } of lines) {
    if (collector.stopsAt(number)) return;
    const [kind = '', , reference = '', ...more] = text.slice(0, 10_000).trim().split(/\s+/);
    if (kind === 'image' && reference !== '' && more.length === 0) addReference(collector, number, reference);
    else if (/^(?:asset|yum|apt|dockerout)$/.test(kind)) collector.ignore(`lines of kind ${kind}`);
    else collector.addReject(number, refusal('this line is not of a kURL manifest', 'Write image NAME REF.'));
  }
}
