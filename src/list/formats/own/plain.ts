import type { ListDocument } from '../../syntax/document.ts';
import { startsLikeEntry } from '../../entry/entry-line.ts';
import type { Collector } from '../../entry/findings.ts';
import { namesRegistry } from '../../../oci/reference.ts';
import { type Line, MAX_ENTRIES, MAX_LINE, stripBlanks, stripQuotes } from '../../syntax/lines.ts';
import { refusal } from '../../problems.ts';

/**
 * One reference per line. `#` begins a comment at the start of a line and after a blank, `//` at the start. Bullets,
 * quotes and the commas of a pasted array are stripped.
 */
export function parsePlain({ lines }: ListDocument, collector: Collector): void {
  const surplus = lines[MAX_ENTRIES];
  if (surplus !== undefined) {
    collector.addReject(surplus.number, refusal(`a list has at most ${MAX_ENTRIES} entries`, 'Split it.'));
    return;
  }
  for (const { number, text } of entriesOf(lines)) {
    if (collector.stopsAt(number)) break;
    collector.addLine(number, text);
  }
}

/** The lines that are entries, without comments and YAML's document marks. */
function entriesOf(lines: readonly Line[]): Line[] {
  const entries = lines
    .filter(({ text }) => !isMark(text))
    .map(({ number, text }) => ({ number, text: withoutComment(text) }));
  // In a pasted array every element, except perhaps the last one, ends with a comma.
  const array = entries.every(({ text }, at) => text.endsWith(',') || at === entries.length - 1);
  return entries.map(({ number, text }) => ({ number, text: unwrapped(text, array) }));
}

/** Hangar's comments, and the marks around a YAML document. */
function isMark(line: string): boolean {
  // Nearly all lines begin with a letter: no other test is made of them.
  if (/^[a-z]/i.test(line)) return false;
  return line.length <= MAX_LINE && /^(?:\/\/.*|---|\.\.\.)$/s.test(stripBlanks(line));
}

function withoutComment(line: string): string {
  if (line.length > MAX_LINE) return line;
  if (!line.includes('#')) return stripBlanks(line);
  return stripBlanks(stripBlanks(line).replace(/\s#.*$/s, ''));
}

function unwrapped(text: string, array: boolean): string {
  if (text.length > MAX_LINE) return text;
  return stripQuotes((array ? text.replace(/,$/, '') : text).replace(/^[-*](?:[ \t]+|$)/, ''));
}

/**
 * Whether a text is a list with mistakes rather than something else: at least half of its lines are single words,
 * pairs, or have options; or one in ten is a reference beyond doubt, and shell or prose is around them.
 */
export function looksPlain(document: ListDocument): boolean {
  if (document.isTree || document.trees?.problems.some(({ bound }) => bound)) return false;
  const { lines } = document;
  let [all, good, sure] = [0, 0, 0];
  for (const { text } of lines) {
    if (isMark(text)) continue;
    all += 1;
    const entry = unwrapped(withoutComment(text), true);
    if (!looksLikeEntry(entry)) continue;
    good += 1;
    if (isSurelyEntry(entry)) sure += 1;
    // No line after this one can change that, and there may be many.
    if (good * 2 >= lines.length) return true;
  }
  return good * 2 >= all || sure * 10 >= all;
}

/** An entry that begins with a registry's name, and has a tag or a digest. */
function isSurelyEntry(text: string): boolean {
  return namesRegistry(text) && /^\S*\/[^\s/]+[:@][^\s/]/.test(text);
}

/** The first line that is not an entry of a plain list. */
export function firstMisfit({ lines }: ListDocument): number {
  return entriesOf(lines).find(({ text }) => !looksLikeEntry(text))?.number ?? 1;
}

/** `source => name`, or `source => name, name`; the blanks may be missing on one side. */
const PAIR = /^[^ \t]+(?:[ \t]+(?:=>|->)[ \t]*|(?:=>|->)[ \t]+)[^ \t]+(?:(?<=,)[ \t]+[^ \t]+)*$/;

const TEMPLATE_MARKS = [
  ['{{', '}}'],
  ['{%', '%}'],
  ['<%', '%>'],
] as const;

/** `registry/{{ .Name }}:1`: one word but for what is between the marks. */
function isTemplated(text: string): boolean {
  return TEMPLATE_MARKS.some(([opening, closing]) => {
    const [open, close] = [text.indexOf(opening), text.lastIndexOf(closing)];
    return open >= 0 && close > open + 1 && !/[ \t]/.test(text.slice(0, open) + text.slice(close + 2));
  });
}

function looksLikeEntry(text: string): boolean {
  if (text.length > MAX_LINE) return false;
  if (!/[ \t]/.test(text) || PAIR.test(text)) return true;
  if (startsLikeEntry(text) || isTemplated(text)) return true;
  // A reference with a second column; prose has more words, and does not start with a reference.
  const [first = '', ...columns] = text.split(/[ \t]+/);
  return columns.length === 1 && /[/:][^/:]/.test(first);
}
