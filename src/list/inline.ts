import { addEntryLine, noFindings, type ParseOptions } from './entry/findings.ts';
import type { NamedList } from './candidates.ts';
import { contentLines, stripQuotes } from './syntax/lines.ts';

/** How messages name references that were given inline. */
export const INLINE = 'images';

/** References given inline, each one entry of `file`; its position, from 1, stands for a line. */
export function parseInline(
  images: readonly string[],
  options: ParseOptions,
  file: string = INLINE,
): NamedList {
  const { ignored, ...findings } = noFindings();
  for (const [at, image] of images.entries()) {
    // Empty ones and comments are left over where a workflow's block is split.
    if (contentLines(image).length === 0) continue;
    addEntryLine({ ...findings, ignored }, { file, line: at + 1 }, stripQuotes(image), options);
  }
  return { file, format: 'plain', ...findings, ignored: [...ignored] };
}
