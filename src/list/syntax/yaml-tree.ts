import { isAlias, isMap, isScalar, isSeq, type LineCounter } from 'yaml';
import { composeYaml } from './compose-yaml.ts';
import { joinEntries, type MappingEntry, type ParsedTrees, type Tree, type TreeProblem } from './tree.ts';

/** Nodes that aliases may add. Compose files use hundreds; a bomb of nine levels would be a thousand million. */
const MAX_ALIASED = 100_000;

interface Conversion {
  readonly lines: LineCounter;
  readonly anchors: Map<string, { readonly tree: Tree; readonly size: number }>;
  readonly problems: TreeProblem[];
  readonly joined: { readonly key: string; readonly line: number }[];
  /** Nodes so far, with those behind aliases. */
  size: number;
  aliased: number;
}

/**
 * Reads YAML, several documents as well: scalars as text, unknown tags dropped with their values kept, merge keys
 * filled in, aliases shared and bounded.
 */
export function parseYamlTrees(text: string): ParsedTrees {
  const { documents, lines, problems: found } = composeYaml(text);
  const problems: TreeProblem[] = [...found];
  const joined: { key: string; line: number }[] = [];
  const roots = documents.flatMap((contents) => {
    const conversion = { lines, anchors: new Map(), problems, joined, size: 0, aliased: 0 };
    return contents === null ? [] : [toTree(contents, conversion, 1)];
  });
  return { roots, problems: problems.toSorted((a, b) => a.line - b.line), joined };
}

function toTree(node: unknown, conversion: Conversion, parentLine: number): Tree {
  const before = conversion.size;
  const tree = isAlias(node)
    ? resolveAlias(node.source, lineOf(node.range, conversion, parentLine), conversion)
    : convert(node, conversion, parentLine);
  if (!isAlias(node)) conversion.size += 1;
  if ((isScalar(node) || isMap(node) || isSeq(node)) && node.anchor !== undefined) {
    // After its inside: an alias in there cannot mean the node around it.
    conversion.anchors.set(node.anchor, { tree, size: conversion.size - before });
  }
  return tree;
}

function convert(node: unknown, conversion: Conversion, parentLine: number): Tree {
  if (isMap(node)) {
    const line = lineOf(node.range, conversion, parentLine);
    const onJoin = (key: string, at: number): void => void conversion.joined.push({ key, line: at });
    const entries = node.items.map(({ key, value }) => toEntry(key, value, conversion, line));
    return { kind: 'mapping', line, entries: joinEntries(withMerged(entries), onJoin) };
  }
  if (isSeq(node)) {
    const line = lineOf(node.range, conversion, parentLine);
    return { kind: 'sequence', line, items: node.items.map((item) => toTree(item, conversion, line)) };
  }
  if (isScalar(node)) {
    const text = typeof node.value === 'string' ? node.value : (node.source ?? '');
    const plain = node.type === undefined || node.type === 'PLAIN';
    return { kind: 'scalar', text, plain, line: lineOf(node.range, conversion, parentLine) };
  }
  return { kind: 'scalar', text: '', plain: true, line: parentLine };
}

interface RawEntry extends MappingEntry {
  readonly merge: boolean;
}

function toEntry(key: unknown, value: unknown, conversion: Conversion, parentLine: number): RawEntry {
  const tree = toTree(key, conversion, parentLine);
  const { line } = tree;
  if (tree.kind !== 'scalar') {
    conversion.problems.push({ line, reason: 'a key is no text', hint: 'Quote templates and braces.' });
  }
  const name = tree.kind === 'scalar' ? tree.text : '';
  const merge = tree.kind === 'scalar' && tree.plain && name === '<<';
  return { key: name, line, merge, value: toTree(value, conversion, line) };
}

/** Merge keys, also those whose value is a list of aliases: own keys win, then earlier mappings. */
function withMerged(entries: readonly RawEntry[]): MappingEntry[] {
  const own = entries.filter(({ merge }) => !merge);
  const seen = new Set(own.map(({ key }) => key));
  const merged: MappingEntry[] = [];
  for (const { value } of entries.filter(({ merge }) => merge)) {
    for (const source of value.kind === 'sequence' ? value.items : [value]) {
      for (const entry of source.kind === 'mapping' ? source.entries : []) {
        if (!seen.has(entry.key)) merged.push(entry);
        seen.add(entry.key);
      }
    }
  }
  return [...own.map(({ key, line, value }) => ({ key, line, value })), ...merged];
}

function resolveAlias(name: string, line: number, conversion: Conversion): Tree {
  const anchor = conversion.anchors.get(name);
  const empty: Tree = { kind: 'scalar', text: '', plain: true, line };
  if (anchor === undefined) {
    conversion.problems.push({ line, reason: 'an alias refers to no anchor before it' });
    return empty;
  }
  conversion.aliased += anchor.size;
  if (conversion.aliased > MAX_ALIASED) {
    if (conversion.problems.every(({ reason }) => reason !== TOO_MANY)) {
      conversion.problems.push({ line, reason: TOO_MANY });
    }
    return empty;
  }
  conversion.size += anchor.size;
  // An entry stands where it is used; only what lies inside keeps the lines of its definition.
  return { ...anchor.tree, line };
}

const TOO_MANY = `aliases add more than ${MAX_ALIASED} nodes`;

function lineOf(
  range: readonly number[] | null | undefined,
  { lines }: Conversion,
  parentLine: number,
): number {
  const offset = range?.[0];
  return offset === undefined ? parentLine : lines.linePos(offset).line;
}
