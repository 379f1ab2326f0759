import { looksLikeSecret } from './secret-text.ts';

/** No reference is longer; a longer text is not quoted at all. */
export const MAX_REFERENCE = 1024;

/** Characters of a text that a message shows. */
const MAX_QUOTED = 80;

/** The characters of references, of the names that templates leave in them, and of pasted addresses. */
const QUOTABLE = /^[A-Za-z0-9 ._/:@+~$%(){}<>[\],;…\u0080-\uFFFF-]*$/u;

/** The same with the characters of a pasted address that are never quoted. */
const ADDRESS = /^[A-Za-z0-9 ._/:@+~$%(){}<>[\],;…\u0080-\uFFFF?=#&!*-]*$/u;

/** A port, a tag and a digest have one each. More of them separate fields, as in a file of passwords (.pgpass). */
const MAX_COLONS = 3;

/** A mistyped reference has at most as many characters outside ASCII; a text with more is another text. */
const MAX_ODD = 4;

/** Whether a text has a user name and a password before its name, as pasted addresses do. */
export function holdsCredentials(text: string): boolean {
  return credentialsEnd(text) > 0;
}

/**
 * A line without what may be a user and a password before a name, up to the last one. For texts that are shown whole, such
 * as the inputs of a workflow: it rather hides a word too much.
 */
export function withoutCredentials(line: string): string {
  // The depth of a push target also stands behind an `@`.
  const end = credentialsEnd(line.replaceAll(/@(?=depth=\d+(?:[\s,]|$))/g, ' '));
  return end > 0 ? `…@${line.slice(end)}` : line;
}

/** Where `user:password@` ends. A tag before a digest looks alike, so what follows the `@` decides. */
function credentialsEnd(text: string): number {
  const scheme = /^\w+:\/\//.exec(text)?.[0] ?? '';
  const colon = text.indexOf(':', scheme.length);
  if (colon < 0) return 0;
  for (let at = text.lastIndexOf('@'); at > colon; at = text.lastIndexOf('@', at - 1)) {
    if (!/^(?:$|sha\d+(?:[:-]|$)|[0-9a-f]{32,}$)/.test(text.slice(at + 1))) return at + 1;
  }
  return 0;
}

/**
 * A user's text for a message: in quotes where it looks like a reference, else its length and its kind. A list may be a
 * file that was named by mistake, or that a link leads to: an error message must not write a key into a log.
 */
export function showText(text: string): string {
  const quoted = quoteReference(text);
  return quoted === undefined ? describeText(text) : `'${quoted}'`;
}

/**
 * A text fit to be quoted, undefined for one that does not look like a reference. Without credentials, without what
 * follows a `?`, `=` or `#` (pasted addresses have tokens there), of several words only the first and only with a path
 * (the others may be a pasted command), at most 80 characters, others than printable ASCII as code points.
 */
export function quoteReference(text: string): string | undefined {
  if (text.length > MAX_REFERENCE) return undefined;
  const word = text.replace(/^[^ \t\r\n/]*[ \t\r\n].*$/s, '…').replace(/[ \t\r\n].*/s, ' …');
  const end = credentialsEnd(word);
  // `DB_PASSWORD=a:b@c`, or a password with such a character: what follows the `@` may belong to it.
  if (/[?=#]/.test(word.slice(0, end))) return undefined;
  const plain = (end > 0 ? `…@${word.slice(end)}` : word).replace(/[?=#].*/s, '…');
  if (!ADDRESS.test(withoutControls(word)) || !isQuotable(plain)) return undefined;
  const shown = plain.length > MAX_QUOTED ? `${plain.slice(0, MAX_QUOTED - 3)}…` : plain;
  return asCodePoints(shown);
}

function isQuotable(text: string): boolean {
  const seen = withoutControls(text);
  const odd = text.length - text.replaceAll(/[^\x20-\x7E…]/gu, '').length;
  return odd <= MAX_ODD && colonsIn(seen) <= MAX_COLONS && QUOTABLE.test(seen) && !looksLikeSecret(seen);
}

/** Outside of an IPv6 address. */
function colonsIn(text: string): number {
  return text.replaceAll(/\[[^[\]]*\]/g, '').split(':').length - 1;
}

/** Control characters are shown by their code points. */
function withoutControls(text: string): string {
  return text.replaceAll(/[\x00-\x1F\x7F]/g, '');
}

/** The description of a text in place of itself: `a text of 64 characters that looks like a secret`. */
function describeText(text: string): string {
  const size = text.length === 1 ? '1 character' : `${text.length} characters`;
  if (looksLikeSecret(text.slice(0, MAX_REFERENCE))) return `a text of ${size} that looks like a secret`;
  const words = text.trim().split(/\s+/).length;
  return words > 1 ? `a text of ${size} in ${words} words` : `a text of ${size}`;
}

/** Untrusted text in quotes, fit for a message: cut, and other characters than printable ASCII as code points. */
export function quoteText(text: string): string {
  const shown = text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED - 1)}…` : text;
  return `'${asCodePoints(shown.toWellFormed())}'`;
}

function asCodePoints(text: string): string {
  return text.replace(/[^\x20-\x7E…]/gu, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`);
}
