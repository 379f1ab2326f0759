import {
  joinEntries,
  MAX_DEPTH,
  MAX_DOCUMENTS,
  type MappingEntry,
  type ParsedTrees,
  type RepeatedKey,
  type Tree,
} from './tree.ts';

const BLANKS = /[ \t\r\n]*/y;
const TOKEN = /[{}[\],:]|[^\s{}[\],:"]+/y;
const BARE = /^(?:-?\d[\d.eE+-]*|true|false|null)$/;

interface Cursor {
  readonly text: string;
  at: number;
  line: number;
  readonly repeated: RepeatedKey[];
}

/**
 * Reads JSON, or several JSON values on lines of their own, a dozen times faster than the YAML parser does. Comments and a
 * comma after the last member are accepted. Undefined for anything else that is not JSON: the YAML parser gives positions.
 */
export function parseJsonTrees(text: string): ParsedTrees | undefined {
  const cursor: Cursor = { text, at: 0, line: 1, repeated: [] };
  const roots: Tree[] = [];
  for (let token = next(cursor); token !== ''; token = next(cursor)) {
    const root = read(cursor, token, 0);
    if (root === undefined) return undefined;
    roots.push(root);
    if (roots.length > MAX_DOCUMENTS) {
      const reason = `it has more than ${MAX_DOCUMENTS} documents`;
      return { roots: [], problems: [{ line: cursor.line, reason, bound: true }], repeated: [] };
    }
  }
  return roots.length === 0 ? undefined : { roots, problems: [], repeated: cursor.repeated };
}

/** The next token; empty at the end, undefined for what is not JSON. */
function next(cursor: Cursor): string | undefined {
  const { text, at: start } = cursor;
  const end = afterBlanks(cursor);
  // Only what is skipped is searched: a large document may be one line.
  const skipped = text.slice(start, end);
  for (let at = skipped.indexOf('\n'); at >= 0; at = skipped.indexOf('\n', at + 1)) cursor.line += 1;
  cursor.at = end;
  if (cursor.at >= cursor.text.length) return '';
  const token = cursor.text[cursor.at] === '"' ? stringAt(cursor) : matchAt(TOKEN, cursor);
  cursor.at += token?.length ?? 0;
  return token;
}

/** Behind blanks and comments, which editors allow in their settings (JSON with Comments). */
function afterBlanks({ text, at: start }: Cursor): number {
  for (let at = start; ;) {
    BLANKS.lastIndex = at;
    at += BLANKS.exec(text)?.[0].length ?? 0;
    const isLine = text.startsWith('//', at);
    if (!isLine && !text.startsWith('/*', at)) return at;
    const end = text.indexOf(isLine ? '\n' : '*/', at + 2);
    at = end < 0 ? text.length : isLine ? end : end + 2;
  }
}

function matchAt(sticky: RegExp, { text, at }: Cursor): string | undefined {
  sticky.lastIndex = at;
  return sticky.exec(text)?.[0];
}

/** Without a regular expression: a repeated group overflows the stack after a million escapes. */
function stringAt({ text, at }: Cursor): string | undefined {
  let end = text.indexOf('"', at + 1);
  while (end >= 0 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  const token = text.slice(at, end + 1);
  return end < 0 || /[\x00-\x1F]/.test(token) ? undefined : token;
}

function isEscaped(text: string, at: number): boolean {
  let start = at;
  while (text[start - 1] === '\\') start -= 1;
  return (at - start) % 2 === 1;
}

function read(cursor: Cursor, token: string | undefined, depth: number): Tree | undefined {
  const { line, repeated } = cursor;
  if (token === undefined || depth > MAX_DEPTH) return undefined;
  if (token === '[') {
    const items = readMembers(cursor, ']', (first) => read(cursor, first, depth + 1));
    return items && { kind: 'sequence', items, line };
  }
  if (token === '{') {
    const entries = readMembers(cursor, '}', (first) => readEntry(cursor, first, depth + 1));
    return entries && { kind: 'mapping', entries: joinEntries(entries, repeated), line };
  }
  if (BARE.test(token)) return { kind: 'scalar', text: token, line, plain: true };
  const text = unquote(token);
  return text === undefined ? undefined : { kind: 'scalar', text, line, plain: false };
}

/** The members of an array or object up to `end`, separated by commas. `readMember` gets the first token of each. */
function readMembers<T>(
  cursor: Cursor,
  end: string,
  readMember: (first: string | undefined) => T | undefined,
): T[] | undefined {
  const members: T[] = [];
  let token = next(cursor);
  if (token === end) return members;
  for (;;) {
    const member = readMember(token);
    if (member === undefined) return undefined;
    members.push(member);
    const separator = next(cursor);
    if (separator === end) return members;
    if (separator !== ',') return undefined;
    token = next(cursor);
    // A comma after the last member, as in the settings of editors.
    if (token === end) return members;
  }
}

function readEntry(cursor: Cursor, first: string | undefined, depth: number): MappingEntry | undefined {
  const { line } = cursor;
  const key = unquote(first ?? '');
  if (key === undefined || next(cursor) !== ':') return undefined;
  const value = read(cursor, next(cursor), depth);
  return value && { key, line, value };
}

/** The text of a string token, undefined for other tokens. The engine decodes escapes. */
function unquote(token: string): string | undefined {
  if (!token.startsWith('"')) return undefined;
  if (!token.includes('\\')) return token.slice(1, -1);
  try {
    const value: unknown = JSON.parse(token);
    return typeof value === 'string' ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
