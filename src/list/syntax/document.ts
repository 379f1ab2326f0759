import { parseJsonTrees } from './json-tree.ts';
import { contentLines, type Line } from './lines.ts';
import type { ParsedTrees } from './tree.ts';
import { parseYamlTrees } from './yaml-tree.ts';

/** A list's text, parsed as far as possible before its format is known. */
export interface ListDocument {
  readonly file: string;
  readonly text: string;
  /** Lines that are neither empty nor begin with `#`. */
  readonly lines: readonly Line[];
  /** Its YAML or JSON, where it looks like that. */
  readonly trees: ParsedTrees | undefined;
  /** True where `trees` is valid, and more than a scalar. */
  readonly isTree: boolean;
  /** The line of the first template action outside quotes, in what looks like YAML. */
  readonly template: number | undefined;
}

/** Whether the text is read as YAML or JSON: by its look, or as the format that the user named requires. */
export type Reading = 'auto' | 'tree' | 'text';

export function readDocument(file: string, text: string, reading: Reading): ListDocument {
  const lines = contentLines(text);
  const plain: ListDocument = { file, text, lines, trees: undefined, isTree: false, template: undefined };
  if (reading === 'text' || (reading === 'auto' && !looksLikeTree(lines))) return plain;
  const json = looksLikeJson(lines) ? parseJsonTrees(text) : undefined;
  const template = json === undefined ? templateLine(text) : undefined;
  if (template !== undefined) return { ...plain, template };
  const trees = json ?? parseYamlTrees(text);
  const isTree = trees.problems.length === 0 && trees.roots.some(({ kind }) => kind !== 'scalar');
  return { ...plain, trees, isTree };
}

/** Comments before it, in JSON with Comments, begin with slashes; so do those of hangar's plain lists. */
function looksLikeJson(lines: readonly Line[]): boolean {
  const first = lines.find(({ text }) => !/^\s*\/[/*]/.test(text));
  return /^[{[]/.test(first?.text.trimStart() ?? '');
}

const KEY = /^(?:"[^"]*"|'[^']*'|[^\s'"#{}[\],&*!|>%@`-]\S*)[ ]*:(?:\s|$)/;
/** `[Container]` of a unit file, `[config/images] Pulled …` of a tool. */
const SECTION = /^\[(?:[A-Z]\w*\]\s*$|[\w/-]+\] )/;
/** `[::1]:5000/app:1`: a registry by its IPv6 address. A list of YAML is followed by a blank or a comment. */
const IPV6_HOST = /^\[[\da-f]*:[\da-f:.]*\](?::\d+)?\//i;

/** By the first line that is not a template action: the YAML parser is too slow for a file of lines. */
function looksLikeTree(lines: readonly Line[]): boolean {
  if (/^\s*\/\//.test(lines[0]?.text ?? '') && looksLikeJson(lines)) return true;
  const at = lines.findIndex(({ text }) => !/^\s*(?:\{\{|\{%)/.test(text));
  const first = lines[at]?.text.slice(0, 1000);
  if (first === undefined) return false;
  const content = first.trimStart();
  if (/^[{[]/.test(content)) return !SECTION.test(content) && !IPV6_HOST.test(content);
  if (/^(?:---(?:\s|$)|%YAML)/.test(content)) return true;
  if (/^-(?:\s|$)/.test(content)) return lines.some(({ text }) => isStructuredItem(text.slice(0, 1000)));
  if (!KEY.test(content)) return false;
  // `registry/app:` alone is an entry whose tag is missing, unless something is nested below it.
  return /:\s+\S/.test(content.replace(/\s#.*/s, '')) || isNestedBelow(first, lines[at + 1]?.text);
}

function isStructuredItem(line: string): boolean {
  const content = line.replace(/^\s*(?:-\s+)*/, '');
  return (
    content === '-' || (/^(?:[{[&!|>]|\*\S)/.test(content) && !IPV6_HOST.test(content)) || KEY.test(content)
  );
}

function isNestedBelow(key: string, next: string | undefined): boolean {
  if (next === undefined) return false;
  const indent = (line: string): number => line.length - line.trimStart().length;
  return indent(next) > indent(key) || /^\s*-(?:\s|$)/.test(next);
}

/** `key: |`, `- >-`, `key: !tag |2` at the end of a line. */
const BLOCK_HEADER = /[:-][ \t]+(?:[!&]\S+[ \t]+)*[|>][+-]?\d?[+-]?[ \t]*(?:#.*)?$/;

/**
 * The line of a template's first action (`{{`, `{%`) outside quotes and block scalars, from 1. The YAML parser takes
 * `image: {{ .Values.image }}` for two nested mappings. Behind other characters, as in
 * `/work/{{name}}` and GitHub's `${{`, it is plain text to YAML.
 */
function templateLine(text: string): number | undefined {
  if (!/\{\{|\{%/.test(text)) return undefined;
  let blockIndent: number | undefined;
  for (const [at, line] of text.split('\n').entries()) {
    const indent = line.length - line.trimStart().length;
    if (line.trim() !== '' && blockIndent !== undefined && indent <= blockIndent) blockIndent = undefined;
    if (blockIndent !== undefined || line.trimStart().startsWith('#')) continue;
    if (/(?:^|[\s:[,{(-])\{\{|\{%/.test(unquoted(line.slice(0, 10_000)))) return at + 1;
    if (BLOCK_HEADER.test(line.slice(-200))) blockIndent = indent;
  }
  return undefined;
}

function unquoted(line: string): string {
  return line.replace(/(?<!\\)"[^"\\]*(?:\\.[^"\\]*)*"|'[^']*'/g, '').replace(/\s#.*/s, '');
}
