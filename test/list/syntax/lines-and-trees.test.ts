import { describe, expect, it } from 'vitest';
import { parseList } from '../../../src/list/index.ts';
import { refOf } from '../../../src/resolve/index.ts';

const parse = (text: string, format = 'auto') =>
  parseList(new TextEncoder().encode(text), 'images.yaml', { format, defaultRegistry: 'quay.io' });
const refs = (text: string): string[] => parse(text).requests.map(({ source }) => refOf(source));
const faults = (text: string): [number, string][] =>
  parse(text).rejects.map(({ origin, reason }) => [origin.line, reason]);

describe('found L3: braces in a YAML list', () => {
  it.each([
    ['a block scalar', 'x-note: |\n  {{ .Values }}\n\n  {% if %}\nimages: [quay.io/a/b:1]\n'],
    ['a folded block scalar', 'x-note: >-2\n  {{ .Values }}\nimages: [quay.io/a/b:1]\n'],
    ['a block scalar with a tag', 'x-note: !text | # why\n  {{ .Values }}\nimages: [quay.io/a/b:1]\n'],
    ['a block scalar in a sequence', 'x-notes:\n  - |\n    {{ .Values }}\nimages: [quay.io/a/b:1]\n'],
    ['quotes', 'x-note: "{{ .Values }}"\nx-other: \'{{ "a" }}\'\nimages: [quay.io/a/b:1]\n'],
    ['a comment', 'images: # {{ .Values }}\n  # {{ .Values }}\n  - quay.io/a/b:1\n'],
    ['an expression of GitHub', 'x-note: ${{ env.A }}\nimages: [quay.io/a/b:1]\n'],
  ])('in %s are text', (_, text) => {
    expect([refs(text), faults(text)]).toEqual([['quay.io/a/b:1'], []]);
  });

  it.each([
    ['behind a block scalar', 'x-note: |\n  {{ text }}\nimages: [{{ .Values.image }}]\n', 3],
    ['less indented than a block scalar', 'a:\n  b: |\n    text\n  c: {{ .Values.image }}\n', 4],
    ['as a value', 'images:\n  - image: {{ .Values.image }}\n', 2],
    ['as a statement', 'images:\n  {% for image in images %}\n  - quay.io/a/b:1\n', 2],
  ])('%s are a template, which is refused at its line', (_, text, line) => {
    expect(faults(text)).toEqual([[line, 'this is a template']]);
  });
});

describe('found L3: a pasted array', () => {
  it.each([
    ['a comma behind each', 'quay.io/a/b:1,\nquay.io/a/c:1,\n'],
    ['no comma behind the last', '"quay.io/a/b:1",\n"quay.io/a/c:1"\n'],
    ['list marks and comments', "- 'quay.io/a/b:1', # why\n# more\n- 'quay.io/a/c:1',\n"],
  ])('with %s is a plain list', (_, text) => {
    expect([parse(text).format, refs(text)]).toEqual(['plain', ['quay.io/a/b:1', 'quay.io/a/c:1']]);
  });

  it.each([
    ['quay.io/a/b:1\nquay.io/a/c:1,\n', 2],
    ['quay.io/a/b:1,\nquay.io/a/c:1\nquay.io/a/d:1,\n', 1],
  ])('is not what has commas behind some lines: %j', (text, line) => {
    expect(faults(text)[0]).toEqual([line, expect.stringMatching(/ends in ','/)]);
  });

  it('of one image may end in a comma', () => {
    expect(refs('quay.io/a/b:1,\n')).toEqual(['quay.io/a/b:1']);
  });
});
