import type { Collector } from '../entry/findings.ts';
import { stripBlanks } from '../syntax/lines.ts';
import { listed, type Scalar, type Tree } from '../syntax/tree.ts';
import { addImage } from './images.ts';

interface Name {
  readonly line: number;
  readonly text: string;
  readonly repository: string;
}

/**
 * Adds an image by its names as runtimes list them, by tag (`busybox:1.36`) and by digest (`busybox@sha256:…`): each tag,
 * pinned by the digest of its repository where there is one alone; a digest where its repository has no tag.
 */
export function namesOf(lists: readonly (Tree | undefined)[], collector: Collector): void {
  const texts = lists.flatMap((list) => (list === undefined ? [] : listed(list))).filter(isText);
  const names = texts.map(({ line, text }) => toName(line, stripBlanks(text)));
  if (names.some(({ text }) => isNameless(text))) collector.ignore('images without a name');
  const named = names.filter(({ text }) => !isNameless(text));
  for (const group of Map.groupBy(named, ({ repository }) => repository).values()) {
    const digests = group.filter(({ text }) => text.includes('@'));
    const tags = group.filter(({ text }) => !text.includes('@'));
    const [digest, ...more] = digests;
    const pin = more.length === 0 ? digest?.text.slice(digest.repository.length + 1) : undefined;
    for (const { line, text } of tags) addImage(collector, line, text, () => ({ pin }));
    if (tags.length === 0) for (const { line, text } of digests) addImage(collector, line, text);
  }
}

function isText(tree: Tree): tree is Scalar {
  return tree.kind === 'scalar';
}

function isNameless(text: string): boolean {
  return text === '' || text.includes('<none>');
}

function toName(line: number, text: string): Name {
  const named = text.replace(/@.*$/s, '');
  return { line, text, repository: text === named ? text.replace(/:[^:/]*$/, '') : named };
}
