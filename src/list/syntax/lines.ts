/** A line with content, and its number from 1. */
export interface Line {
  readonly number: number;
  readonly text: string;
}

/** No reference is longer than 1,024 characters; a pair of them with options fits. */
export const MAX_LINE = 4096;

/** Far more than any list that people write or generate; YAML of that size takes seconds. */
export const MAX_LIST_BYTES = 16 * 1024 * 1024;

/** More than any list has in one file; the requests of more would fill the memory. */
export const MAX_ENTRIES = 500_000;

/** The lines that are neither empty nor begin with `#`, as written; at most one more than MAX_ENTRIES. */
export function contentLines(text: string): Line[] {
  const lines: Line[] = [];
  let number = 1;
  for (let start = 0; start <= text.length && lines.length <= MAX_ENTRIES; number += 1) {
    const end = text.indexOf('\n', start);
    const line = text.slice(start, end < 0 ? text.length : end);
    if (!isComment(line)) lines.push({ number, text: line });
    start = end < 0 ? text.length + 1 : end + 1;
  }
  return lines;
}

function isComment(line: string): boolean {
  const start = firstVisible(line, 0);
  // zarf's variables (`###NAME###`) start like a comment.
  return start === line.length || (line[start] === '#' && !/^###\w+###/.test(line.slice(start, start + 100)));
}

/** White space, and what editors, web pages and joined files leave at the ends: no-break, zero-width, byte order mark. */
function isBlank(char: string | undefined): boolean {
  // A shortcut for nearly every character: lists have a hundred thousand lines.
  if (char === undefined || (char > ' ' && char <= '~')) return false;
  return /[\s\u00A0\u200B-\u200D\u2060\uFEFF]/u.test(char);
}

function firstVisible(text: string, from: number): number {
  let start = from;
  while (start < text.length && isBlank(text[start])) start += 1;
  return start;
}

/** Strips white space and invisible characters from both ends, never from inside. */
export function stripBlanks(text: string): string {
  const start = firstVisible(text, 0);
  let end = text.length;
  while (end > start && isBlank(text[end - 1])) end -= 1;
  return text.slice(start, end);
}

/** Also strips quotes that are left from another language; an unmatched one is harmless. */
export function stripQuotes(text: string): string {
  const bare = stripBlanks(text);
  return /['"]/.test(bare) ? stripBlanks(bare.replace(/^['"]+|(?<!['"])['"]+$/g, '')) : bare;
}
