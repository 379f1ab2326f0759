import { parseJsonTrees } from './json-tree.ts';
import { contentLines, type Line } from './lines.ts';
import { templateLine } from './template.ts';
import type { ParsedTrees } from './tree.ts';
import { parseYamlTrees } from './yaml-tree.ts';

/** A list's text, taken apart as far as its format is not yet known. */
export interface ListDocument {
  readonly file: string;
  readonly text: string;
  /** Lines that are neither empty nor begin with `#`. */
  readonly lines: readonly Line[];
  /** Its YAML or JSON, where it looks like that. */
  readonly trees: ParsedTrees | undefined;
  /** True where that is whole: no mistake in it, and more than a text. */
  readonly isTree: boolean;
  /** The line of the first template action outside quotes, in what looks like YAML. */
  readonly template: number | undefined;
}

/** Whether it is read as YAML or JSON: as it looks, or as the format that was asked for needs it. */
export type Reading = 'auto' | 'tree' | 'text';

export function readDocument(file: string, text: string, reading: Reading): ListDocument {
  const lines = contentLines(text);
  const plain: ListDocument = { file, text, lines, trees: undefined, isTree: false, template: undefined };
  if (reading === 'text' || (reading === 'auto' && !looksLikeTree(lines))) return plain;
  const json = /^[{[]/.test(text.trimStart()) ? parseJsonTrees(text) : undefined;
  const template = json === undefined ? templateLine(text) : undefined;
  if (template !== undefined) return { ...plain, template };
  const trees = json ?? parseYamlTrees(text);
  const isTree = trees.problems.length === 0 && trees.roots.some(({ kind }) => kind !== 'scalar');
  return { ...plain, trees, isTree };
}

const KEY = /^(?:"[^"]*"|'[^']*'|[^\s'"#{}[\],&*!|>%@`-]\S*)[ ]*:(?:\s|$)/;
/** `[Container]` of a unit file, `[config/images] Pulled …` of a tool. */
const SECTION = /^\[(?:[A-Z]\w*\]\s*$|[\w/-]+\] )/;

/** By the first line that is no template action: a file of lines must never wait for YAML's reader. */
function looksLikeTree(lines: readonly Line[]): boolean {
  const at = lines.findIndex(({ text }) => !/^\s*(?:\{\{|\{%)/.test(text));
  const first = lines[at]?.text.slice(0, 1000);
  if (first === undefined) return false;
  const content = first.trimStart();
  if (/^[{[]/.test(content)) return !SECTION.test(content);
  if (/^(?:---(?:\s|$)|%YAML)/.test(content)) return true;
  if (/^-(?:\s|$)/.test(content)) return lines.some(({ text }) => isStructuredItem(text.slice(0, 1000)));
  if (!KEY.test(content)) return false;
  // `registry/app:` alone is an entry whose tag is missing, unless something hangs below it.
  return /:\s+\S/.test(content.replace(/\s#.*$/, '')) || hangsBelow(first, lines[at + 1]?.text);
}

function isStructuredItem(line: string): boolean {
  const content = line.replace(/^\s*(?:-\s+)*/, '');
  return content === '-' || /^[{[&*!|>]/.test(content) || KEY.test(content);
}

function hangsBelow(key: string, next: string | undefined): boolean {
  if (next === undefined) return false;
  const indent = (line: string): number => line.length - line.trimStart().length;
  return indent(next) > indent(key) || /^\s*-(?:\s|$)/.test(next);
}
