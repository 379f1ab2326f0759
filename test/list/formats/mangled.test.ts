import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { parseList } from '../../../src/list/index.ts';

const page = await readFile('docs/lists.md', 'utf8');
const examples = [...page.matchAll(/^```\w+ list=([\w-]+) count=\d+[^\n]*\n([^]*?)^```$/gm)].map(
  ([, format = '', text = '']): [format: string, text: string] => [format, text],
);

/** What stands in the place of a value: another kind of tree, nothing, and texts that are hard to read. */
const VALUES = [
  '[]',
  '{}',
  '',
  'null',
  '[[a], {b: c}]',
  '{a: {b: [c]}}',
  '"\\0"',
  '"{{ .X }}"',
  '"${"',
  'x'.repeat(5000),
];

/** The text with one line less, twice, or with another value. */
function mangled(text: string): string[] {
  const lines = text.split('\n');
  return lines.flatMap((line, at) => {
    const replaced = (...others: string[]): string => lines.toSpliced(at, 1, ...others).join('\n');
    const [, head] = /^(\s*(?:- )?[^:]*:|\s*-)(?:\s|$)/.exec(line) ?? [];
    const values = head === undefined ? [] : VALUES.map((value) => replaced(`${head} ${value}`));
    return [replaced(), replaced(line, line), ...values];
  });
}

describe('L15: an example with a mistake in one line', () => {
  it.each(examples)(
    'of the format %s is read or rejected with lines, and never ends in a stack trace',
    (format, text) => {
      for (const wrong of mangled(text)) {
        const list = parseList(new TextEncoder().encode(wrong), 'list', {
          format,
          defaultRegistry: 'docker.io',
        });
        const lines = wrong.split('\n').length;
        for (const { origin, reason } of list.rejects) {
          expect(reason).not.toBe('');
          expect(origin.line).toBeGreaterThan(0);
          expect(origin.line).toBeLessThanOrEqual(lines);
        }
      }
    },
  );
});
