import {
  Composer,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  Parser,
  type Range,
} from 'yaml';
import {
  joinEntries,
  listed,
  MAX_DEPTH,
  MAX_DOCUMENTS,
  type MappingEntry,
  type ParsedTrees,
  type RepeatedKey,
  type Tree,
  type TreeProblem,
} from './tree.ts';

/** A list of 16 MiB has a million; more than two million are an attack on the memory. */
const MAX_TOKENS = 2_000_000;
/** Errors and directives; text that is not YAML has one per token. */
const MAX_ERRORS = 20;
/** Nodes that aliases may add. Compose files use hundreds; a bomb of nine levels would add a thousand million. */
const MAX_ALIASED = 100_000;
const TOO_MANY_ALIASED = `aliases add more than ${MAX_ALIASED} nodes`;
const NO_ANCHOR = 'an alias refers to no anchor before it';

/** The parser's error codes in our own words: its messages quote the file. */
const REASONS: ReadonlyMap<string, string> = new Map([
  ['BAD_ALIAS', NO_ANCHOR],
  ['BAD_DQ_ESCAPE', 'a text in double quotes has an escape that YAML does not know'],
  ['BAD_INDENT', 'a line is indented too little, or too much'],
  ['BAD_SCALAR_START', 'a text starts with a character that needs quotes'],
  ['BLOCK_AS_IMPLICIT_KEY', 'a mapping starts inside a line'],
  ['KEY_OVER_1024_CHARS', 'a key is too long'],
  ['MISSING_CHAR', 'a quote, a bracket, a comma or a colon is missing'],
  ['MULTILINE_IMPLICIT_KEY', 'a key goes over several lines'],
  ['TAB_AS_INDENT', 'a tab indents a line'],
  ['UNEXPECTED_TOKEN', 'a token is in the wrong place'],
]);

interface Conversion {
  readonly lines: LineCounter;
  readonly anchors: Map<string, { readonly tree: Tree; readonly size: number }>;
  readonly problems: TreeProblem[];
  readonly repeated: RepeatedKey[];
  /** Nodes so far, with those behind aliases. */
  size: number;
  aliased: number;
}

/**
 * Reads YAML, several documents as well: scalars as text, unknown tags dropped with their values kept, merge keys
 * filled in, aliases shared and bounded.
 */
export function parseYamlTrees(text: string): ParsedTrees {
  const lines = new LineCounter();
  const { documents, stopped } = composeDocuments(text, lines);
  const problems: TreeProblem[] = documents.flatMap(({ errors }) =>
    errors.slice(0, MAX_ERRORS).map(({ pos, code }) => ({
      line: lines.linePos(pos[0]).line,
      reason: `it is not valid YAML${REASONS.has(code) ? `: ${REASONS.get(code)}` : ''}`,
    })),
  );
  if (stopped !== undefined) return { roots: [], problems: sorted([...problems, stopped]), repeated: [] };
  const repeated: RepeatedKey[] = [];
  const roots = documents.flatMap(({ contents }) => {
    const conversion = { lines, anchors: new Map(), problems, repeated, size: 0, aliased: 0 };
    return contents === null ? [] : [toTree(contents, conversion, 1)];
  });
  return { roots, problems: sorted(problems), repeated };
}

function sorted(problems: readonly TreeProblem[]): readonly TreeProblem[] {
  return problems.toSorted((a, b) => a.line - b.line);
}

interface Composed {
  readonly documents: readonly Document.Parsed[];
  /** Why the text was not read to its end. */
  readonly stopped?: TreeProblem;
}

/** Feeds the parser token by token, so that depth, size and errors are bounded. */
function composeDocuments(text: string, lines: LineCounter): Composed {
  const parser = new Parser(lines.addNewLine);
  const composer = new Composer({
    schema: 'failsafe',
    uniqueKeys: false,
    prettyErrors: false,
    strict: false,
  });
  const documents: Document.Parsed[] = [];
  const stop = (reason: string, bound = true): Composed => ({
    documents,
    stopped: { line: lines.linePos(parser.offset).line, reason, bound },
  });
  let errors = 0;
  let tokens = 0;
  lines.addNewLine(0);
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) {
      if (token.type === 'error' || token.type === 'directive') errors += 1;
      documents.push(...composer.next(token));
    }
    tokens += 1;
    if (parser.stack.length > MAX_DEPTH) return stop(`it is nested deeper than ${MAX_DEPTH} levels`);
    if (errors > MAX_ERRORS) return stop('it is not YAML', false);
    if (tokens > MAX_TOKENS) return stop(`it has more than ${MAX_TOKENS} YAML tokens`);
    if (documents.length > MAX_DOCUMENTS) return stop(`it has more than ${MAX_DOCUMENTS} documents`);
  }
  for (const token of parser.end()) documents.push(...composer.next(token));
  documents.push(...composer.end());
  return { documents };
}

function toTree(node: unknown, conversion: Conversion, parentLine: number): Tree {
  if (isAlias(node)) {
    return resolveAlias(node.source, lineOf(node.range, conversion, parentLine), conversion);
  }
  const before = conversion.size;
  const tree = convert(node, conversion, parentLine);
  conversion.size += 1;
  if ((isScalar(node) || isMap(node) || isSeq(node)) && node.anchor !== undefined) {
    // Added after its content: an alias in there cannot refer to the node around it.
    conversion.anchors.set(node.anchor, { tree, size: conversion.size - before });
  }
  return tree;
}

function convert(node: unknown, conversion: Conversion, parentLine: number): Tree {
  if (isMap(node)) {
    const line = lineOf(node.range, conversion, parentLine);
    const entries = node.items.map(({ key, value }) => toEntry(key, value, conversion, line));
    return { kind: 'mapping', line, entries: joinEntries(withMerged(entries), conversion.repeated) };
  }
  if (isSeq(node)) {
    const line = lineOf(node.range, conversion, parentLine);
    return { kind: 'sequence', line, items: node.items.map((item) => toTree(item, conversion, line)) };
  }
  if (isScalar(node)) {
    const text = typeof node.value === 'string' ? node.value : (node.source ?? '');
    const plain = node.type === undefined || node.type === 'PLAIN';
    const line = lineOf(node.range, conversion, parentLine);
    return { kind: 'scalar', text, plain, line, ...(node.type === 'BLOCK_LITERAL' && { block: true }) };
  }
  return emptyAt(parentLine);
}

function emptyAt(line: number): Tree {
  return { kind: 'scalar', text: '', plain: true, line };
}

interface RawEntry extends MappingEntry {
  readonly merge: boolean;
}

function toEntry(key: unknown, value: unknown, conversion: Conversion, parentLine: number): RawEntry {
  const tree = toTree(key, conversion, parentLine);
  const { line } = tree;
  if (tree.kind !== 'scalar') {
    conversion.problems.push({ line, reason: 'a key is not text', hint: 'Quote templates and braces.' });
  }
  const name = tree.kind === 'scalar' ? tree.text : '';
  const merge = tree.kind === 'scalar' && tree.plain && name === '<<';
  return { key: name, line, merge, value: toTree(value, conversion, line) };
}

/** Fills in merge keys, also those whose value is a list of aliases: own keys win, then earlier mappings. */
function withMerged(entries: readonly RawEntry[]): MappingEntry[] {
  const own = entries.filter(({ merge }) => !merge);
  const seen = new Set(own.map(({ key }) => key));
  const merged: MappingEntry[] = [];
  for (const source of entries.filter(({ merge }) => merge).flatMap(({ value }) => listed(value))) {
    for (const entry of source.kind === 'mapping' ? source.entries : []) {
      if (!seen.has(entry.key)) merged.push(entry);
      seen.add(entry.key);
    }
  }
  return [...own.map(({ key, line, value }) => ({ key, line, value })), ...merged];
}

function resolveAlias(name: string, line: number, conversion: Conversion): Tree {
  const { anchors, problems } = conversion;
  const anchor = anchors.get(name);
  if (anchor === undefined) {
    problems.push({ line, reason: NO_ANCHOR });
    return emptyAt(line);
  }
  conversion.aliased += anchor.size;
  if (conversion.aliased > MAX_ALIASED) {
    if (problems.every(({ reason }) => reason !== TOO_MANY_ALIASED)) {
      problems.push({ line, reason: TOO_MANY_ALIASED });
    }
    return emptyAt(line);
  }
  conversion.size += anchor.size;
  // The line of an entry is where the alias is; nested nodes keep the lines of the definition.
  return { ...anchor.tree, line };
}

function lineOf(range: Range | null | undefined, { lines }: Conversion, parentLine: number): number {
  return range ? lines.linePos(range[0]).line : parentLine;
}
