import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { FORMATS } from '../../src/list/formats/formats.ts';
import { parseList } from '../../src/list/index.ts';

/** A block of `docs/lists.md` whose first line says which list it is, and how many images are in it. */
interface Example {
  readonly format: string;
  readonly count: number;
  /** Names of its variables: each stands for a tag and for a password. */
  readonly vars: readonly string[];
  readonly text: string;
}

const page = await readFile('docs/lists.md', 'utf8');
const examples: Example[] = [
  ...page.matchAll(/^```\w+ list=([\w-]+) count=(\d+)(?: vars=([\w,]+))?$\n(.*?)^```$/gms),
].map(([, format = '', count, vars, text = '']) => ({
  format,
  count: Number(count),
  vars: vars?.split(',') ?? [],
  text,
}));

describe('L15: docs/lists.md', () => {
  it.each(examples)(
    'has an example of the format $format, which is read: $text',
    ({ format, count, vars, text }) => {
      const list = parseList(new TextEncoder().encode(text), 'list', {
        format: 'auto',
        defaultRegistry: 'docker.io',
        variables: { given: new Map(vars.map((name) => [name, '1.2'])) },
      });
      expect([list.format, list.rejects]).toEqual([format, []]);
      expect(list.usedVariables.toSorted()).toEqual(vars.toSorted());
      expect(list.requests.length + list.candidates.length + list.tagRequests.length).toBe(count);
    },
  );

  const readable = FORMATS.flatMap(({ parse, name }): string[] => (parse === undefined ? [] : [name]));

  it('has an example of each format that is read, and no other', () => {
    expect([...new Set(examples.map(({ format }) => format))].toSorted()).toEqual(readable.toSorted());
  });

  it('has a row in its table for each format that is read', () => {
    const rows = [...page.matchAll(/^\|(?:[^|\\]|\\\|)*\|([^|]*)\|[^|]*\|[^|]*\|$/gm)].flatMap(
      ([, names = '']) => [...names.matchAll(/`([\w-]+)`/g)].map(([, name = '']) => name),
    );
    expect(rows.filter((name) => name !== 'list-format').toSorted()).toEqual(readable.toSorted());
  });
});
