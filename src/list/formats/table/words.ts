import { isReference } from '../../../oci/reference.ts';
import type { Collector } from '../../entry/findings.ts';
import type { ListDocument } from '../../syntax/document.ts';
import { isVersioned } from '../image-text.ts';

/** What kubectl prints for a path is a line of any length. */
const MAX_WORDS = 100_000;

/**
 * References in one line with blanks between them, as `kubectl -o jsonpath` prints them: at least three, since two can
 * also be meant as a source and a name, and most of them with a tag or a digest.
 */
export function isLineOfWords({ lines }: ListDocument): boolean {
  const [line, ...more] = lines;
  if (line === undefined || more.length > 0) return false;
  const words = wordsOf(line.text);
  if (words.length < 3 || words.length > MAX_WORDS) return false;
  return words.every(isReference) && words.filter(isVersioned).length * 2 > words.length;
}

/** Reads references that have blanks between them. */
export function parseWords({ lines }: ListDocument, collector: Collector): void {
  for (const { number, text } of lines) {
    const words = wordsOf(text);
    // A line with other words is reported as a whole: alone, a word of it would be shown.
    const isOther = words.length > MAX_WORDS || !words.every(isReference);
    for (const word of isOther ? [text.trim()] : words) {
      if (collector.stopsAt(number)) return;
      collector.addLine(number, word);
    }
  }
}

function wordsOf(line: string): string[] {
  return line.split(/\s+/).filter((word) => word !== '');
}
