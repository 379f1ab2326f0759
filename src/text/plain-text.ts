import { stripVTControlCharacters } from 'node:util';

/** The characters of one line that are shown: an HTML error page is not a message. */
const MAX_LENGTH = 2000;
const MAX_LINES = 200;

/** Characters that move the cursor, are invisible or change the reading direction (`\p{Cf}` has the last two). */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}]/gu;

/** A user and password before a host, as a proxy's address may have them; `repository@sha256:…` has none. */
const USERINFO = /\/\/[^/@\s]+@(?!sha256:)/g;

/** Any `::` at the start; later only a command, since a line may be broken there (and `::1` is an address). */
const COMMAND = /^::|(?<=\s)::(?=[a-z-]+(?:\s|::))/gi;

/**
 * Text that we did not write (references, a registry's message, a program's stderr) as one printable line.
 * Control characters become code points, line ends semicolons. No part of it is read as a command by a CI
 * runner: GitHub's looks for `::` at a line's start after white space and for `##[` anywhere (actions/runner,
 * ActionCommand.cs), Azure's for `##vso[`.
 */
export function plainText(text: string): string {
  const bounded = text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}...` : text;
  return stripVTControlCharacters(bounded.toWellFormed())
    .trim()
    .replace(/(?<![:;,.\s])\s*[\r\n]+\s*/g, '; ')
    .replace(/\s+/g, ' ')
    .replace(UNPRINTABLE, codePoint)
    .replace(USERINFO, '//***@')
    .trim()
    .replace(COMMAND, ': :')
    .replace(/##(?=\[|vso\[)/gi, '# #');
}

/** The same for text of several lines, without the empty ones. */
export function plainLines(text: string): string[] {
  const lines = text.split(/[\r\n]+/, MAX_LINES).map(plainText);
  return lines.filter((line) => line !== '');
}

/** A text in which invisible and direction characters are escaped. */
export function printable(text: string): string {
  return text.toWellFormed().replace(UNPRINTABLE, codePoint);
}

/**
 * A value as JSON that a terminal can show safely: invisible and direction characters are escaped as in JSON. `indent`
 * is 0 for one line. There is no line end after the last line.
 */
export function printableJson(value: unknown, indent = 2): string {
  // The line ends are those between fields: within a text they are escaped already.
  return JSON.stringify(value, null, indent).replace(UNPRINTABLE, (char) =>
    char === '\n' ? char : jsonEscape(char),
  );
}

/** `\u001b`, for each UTF-16 unit. */
function jsonEscape(char: string): string {
  return char.replace(/[^]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function codePoint(char: string): string {
  return `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`;
}

/** Decodes percent-encoded UTF-8; other characters are kept. */
export function percentDecoded(text: string): string {
  return text.replaceAll(/(?:%[0-9a-f]{2})+/gi, (escaped) =>
    Buffer.from(escaped.replaceAll('%', ''), 'hex').toString('utf8'),
  );
}

/** A word quoted for a POSIX shell, in a command that people copy. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) && !text.startsWith('-') ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Words as a sentence: `Nothing was released.` */
export function sentence(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}
