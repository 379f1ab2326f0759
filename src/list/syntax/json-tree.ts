import {
  joinEntries,
  MAX_DEPTH,
  MAX_DOCUMENTS,
  type MappingEntry,
  type ParsedTrees,
  type Tree,
} from './tree.ts';

const BLANKS = /[ \t\r\n]*/y;
const TOKEN = /[{}[\],:]|[^\s{}[\],:"]+/y;
const BARE = /^(?:-?\d[\d.eE+-]*|true|false|null)$/;

interface Cursor {
  readonly text: string;
  at: number;
  line: number;
}

/**
 * Reads JSON, or several JSON values on lines of their own, a dozen times faster than YAML's reader does. Undefined
 * for anything that is not strict JSON: YAML's reader takes comments and trailing commas, and names positions.
 */
export function parseJsonTrees(text: string): ParsedTrees | undefined {
  const cursor: Cursor = { text, at: 0, line: 1 };
  const joined: { key: string; line: number }[] = [];
  const roots: Tree[] = [];
  for (let token = next(cursor); token !== ''; token = next(cursor)) {
    if (token === undefined) return undefined;
    const root = read(cursor, token, joined, 0);
    if (root === undefined) return undefined;
    roots.push(root);
    if (roots.length > MAX_DOCUMENTS) {
      const reason = `it has more than ${MAX_DOCUMENTS} documents`;
      return { roots: [], problems: [{ line: cursor.line, reason, bound: true }], joined: [] };
    }
  }
  return roots.length === 0 ? undefined : { roots, problems: [], joined };
}

/** The next token; empty at the end, undefined for what is no JSON. */
function next(cursor: Cursor): string | undefined {
  BLANKS.lastIndex = cursor.at;
  const blanks = BLANKS.exec(cursor.text)?.[0] ?? '';
  for (let at = blanks.indexOf('\n'); at >= 0; at = blanks.indexOf('\n', at + 1)) cursor.line += 1;
  cursor.at += blanks.length;
  if (cursor.at >= cursor.text.length) return '';
  const token = cursor.text[cursor.at] === '"' ? stringAt(cursor) : tokenAt(cursor);
  cursor.at += token?.length ?? 0;
  return token;
}

function tokenAt({ text, at }: Cursor): string | undefined {
  TOKEN.lastIndex = at;
  return TOKEN.exec(text)?.[0];
}

/** By hand: a pattern with a repeated group ends in a stack overflow after a million escapes. */
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

function read(
  cursor: Cursor,
  token: string,
  joined: { key: string; line: number }[],
  depth: number,
): Tree | undefined {
  const { line } = cursor;
  if (depth > MAX_DEPTH) return undefined;
  if (token === '[') return readArray(cursor, line, joined, depth);
  if (token === '{') return readObject(cursor, line, joined, depth);
  if (token.startsWith('"')) {
    const text = unquote(token);
    return text === undefined ? undefined : { kind: 'scalar', text, line, plain: false };
  }
  return BARE.test(token) ? { kind: 'scalar', text: token, line, plain: true } : undefined;
}

function readArray(
  cursor: Cursor,
  line: number,
  joined: { key: string; line: number }[],
  depth: number,
): Tree | undefined {
  const items: Tree[] = [];
  let token = next(cursor);
  while (token !== ']') {
    const item = token === undefined ? undefined : read(cursor, token, joined, depth + 1);
    if (item === undefined) return undefined;
    items.push(item);
    const after = next(cursor);
    if (after === ']') break;
    if (after !== ',') return undefined;
    token = next(cursor);
    if (token === ']') return undefined;
  }
  return { kind: 'sequence', items, line };
}

function readObject(
  cursor: Cursor,
  line: number,
  joined: { key: string; line: number }[],
  depth: number,
): Tree | undefined {
  const entries: MappingEntry[] = [];
  let token = next(cursor);
  while (token !== '}') {
    const key = token?.startsWith('"') ? unquote(token) : undefined;
    const keyLine = cursor.line;
    if (key === undefined || next(cursor) !== ':') return undefined;
    const start = next(cursor);
    const value = start === undefined ? undefined : read(cursor, start, joined, depth + 1);
    if (value === undefined) return undefined;
    entries.push({ key, line: keyLine, value });
    const after = next(cursor);
    if (after === '}') break;
    if (after !== ',') return undefined;
    token = next(cursor);
    if (token === '}') return undefined;
  }
  return {
    kind: 'mapping',
    entries: joinEntries(entries, (key, at) => joined.push({ key, line: at })),
    line,
  };
}

/** The escapes of a string token, by the engine itself. */
function unquote(token: string): string | undefined {
  if (!token.includes('\\')) return token.slice(1, -1);
  try {
    const value: unknown = JSON.parse(token);
    return typeof value === 'string' ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
