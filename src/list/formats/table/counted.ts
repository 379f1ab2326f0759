import { isReference } from '../../../oci/reference.ts';
import type { Collector } from '../../entry/findings.ts';
import type { ListDocument } from '../../syntax/document.ts';
import { MAX_LINE } from '../../syntax/lines.ts';

const COUNTED = /^\s*\d{1,9}[ \t]+(\S+)\s*$/;

/** Lines of `sort | uniq -c`: how often a line occurs, and the line. */
export function isCounted({ lines }: ListDocument): boolean {
  return lines.length > 0 && lines.every(({ text }) => isCountedReference(text));
}

function isCountedReference(line: string): boolean {
  const reference = line.length > MAX_LINE ? undefined : COUNTED.exec(line)?.[1];
  return reference !== undefined && /[/:@]/.test(reference) && isReference(reference);
}

/** Reads the references of counted lines; how often they occur is of no matter. */
export function parseCounted({ lines }: ListDocument, collector: Collector): void {
  for (const { number, text } of lines) {
    if (collector.stopsAt(number)) return;
    collector.addLine(number, text.length > MAX_LINE ? text : (COUNTED.exec(text)?.[1] ?? text.trim()));
  }
}
