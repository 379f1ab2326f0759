import type { Collector } from '../../entry/findings.ts';
import type { ListDocument } from '../../syntax/document.ts';
import { type Line, MAX_LINE, stripBlanks } from '../../syntax/lines.ts';
import { fieldOf, type Mapping, type Tree } from '../../syntax/tree.ts';
import { mayBeImage } from '../image-text.ts';
import { addImage } from '../images.ts';

const CONTEXT = /"docker-image:\/\/([^"]+)"/g;
/** `args = {`, or `args {`. */
const ARGUMENTS = /^\s*args\s*(?:=\s*)?\{/;
const ARGUMENT = /^\s*"?(\w+)"?\s*[:=]\s*"([^"]*)"/;

const TARGET_KEYS = ['dockerfile', 'contexts', 'context', 'args', 'tags', 'dockerfile-inline', 'inherits'];

/** A bake file in JSON. */
export function isBakeTree(tree: Tree): boolean {
  const targets = fieldOf(tree, 'target');
  return (
    targets?.kind === 'mapping' &&
    targets.entries.some(({ value }) => TARGET_KEYS.some((key) => fieldOf(value, key) !== undefined))
  );
}

/**
 * A bake file in HCL or JSON: the images that its builds have as contexts; arguments that look like images are candidates.
 * Tags are what a build makes, and no images to save.
 */
export function parseBake({ trees, lines }: ListDocument, collector: Collector): void {
  if (trees === undefined) addLines(lines, collector);
  else {
    for (const root of trees.roots) {
      const targets = fieldOf(root, 'target');
      for (const { value } of targets?.kind === 'mapping' ? targets.entries : []) addTarget(value, collector);
    }
  }
}

const WHY = 'it is an argument of a build';

/** HCL, by its lines: strings do not go over several of them. */
function addLines(lines: readonly Line[], collector: Collector): void {
  let inArguments = false;
  for (const { number, text } of lines) {
    if (collector.stopsAt(number)) return;
    if (text.length > MAX_LINE || text.trimStart().startsWith('//')) continue;
    for (const [, image = ''] of text.matchAll(CONTEXT)) addImage(collector, number, image);
    if (ARGUMENTS.test(text)) inArguments = true;
    const [, name = '', value = ''] = (inArguments && ARGUMENT.exec(text.replace(ARGUMENTS, ''))) || [];
    if (mayBeImage(value, name)) collector.addCandidate(number, value, WHY);
    if (text.includes('}')) inArguments = false;
  }
}

function addTarget(target: Tree, collector: Collector): void {
  for (const { value, line } of textsIn(fieldOf(target, 'contexts'))) {
    const image = /^docker-image:\/\/(.+)$/s.exec(value)?.[1];
    if (image !== undefined) addImage(collector, line, image);
  }
  for (const { key, value, line } of textsIn(fieldOf(target, 'args'))) {
    if (mayBeImage(value, key)) collector.addCandidate(line, value, WHY);
  }
}

function textsIn(tree: Tree | undefined): { key: string; value: string; line: number }[] {
  const entries: Mapping['entries'] = tree?.kind === 'mapping' ? tree.entries : [];
  return entries.flatMap(({ key, value }) =>
    value.kind === 'scalar' ? [{ key, value: stripBlanks(value.text), line: value.line }] : [],
  );
}
